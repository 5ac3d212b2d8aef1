import { describe, expect, it } from 'vitest';
import { boardModelOf, deviceSearchText } from './search.ts';

describe('the text that searches match', () => {
  it('holds what people know a device by, in lower case', () => {
    const hardware = { board_model: 'Raspberry Pi 4', serial_number: '10000000ABC', cpu_cores: 4 };
    const network = { hostname: 'Pump-7', ip_address: '10.0.0.7', mac_address: 'DC:A6:32:01:02:03' };
    expect(deviceSearchText('dev_1', 'ÖLPUMPE', hardware, network)).toBe(
      'dev_1 ölpumpe pump-7 10.0.0.7 dc:a6:32:01:02:03 raspberry pi 4 10000000abc',
    );
  });

  it('leaves out what is not there, and is bounded', () => {
    expect(deviceSearchText('dev_1', null, { board_model: '' }, { hostname: null })).toBe('dev_1');
    expect(deviceSearchText('dev_1', null, {}, { hostname: 'x'.repeat(2_000) })).toHaveLength(1_000);
  });
});

it('a board is told apart from none, and bounded', () => {
  expect(boardModelOf({ board_model: ' Raspberry Pi 4 ' })).toBe('Raspberry Pi 4');
  expect(boardModelOf({ board_model: '  ' })).toBeNull();
  expect(boardModelOf({})).toBeNull();
  expect(boardModelOf({ board_model: 'x'.repeat(500) })).toHaveLength(128);
});

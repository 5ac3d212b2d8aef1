import type { HardwareInfo, NetworkInfo } from '@edgeflow/contract';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyText } from '../../testing/any-text.ts';
import { bindingMismatch, cleanText, hardwareIdentity, storable } from './hardware.ts';

const unbound = { bind_mac_address: null, bind_serial_number: null, bind_board_model: null };

describe('a binding', () => {
  const mismatch = (binding: object, hardware: HardwareInfo, network: NetworkInfo): unknown =>
    bindingMismatch({ ...unbound, ...binding }, hardwareIdentity(hardware, network));

  it('that is none fits every device', () => {
    expect(mismatch({}, {}, {})).toBeUndefined();
    expect(
      mismatch({}, { serial_number: 'x', board_model: null }, { mac_address: 'nonsense' }),
    ).toBeUndefined();
  });

  it.each([
    'dc:a6:32:01:02:03',
    'DC-A6-32-01-02-03',
    'dca6.3201.0203',
    'dca632010203',
    ' dc:a6:32:01:02:03\0',
  ])('to a MAC address knows it as %j', (mac_address) => {
    expect(mismatch({ bind_mac_address: 'dc:a6:32:01:02:03' }, {}, { mac_address })).toBeUndefined();
  });

  it.each([undefined, null, '', 'dc:a6:32:xx:xx:xx', 'dc:a6:32:01:02:04'])(
    'to a MAC address does not fit %j',
    (mac_address) => {
      expect(mismatch({ bind_mac_address: 'dc:a6:32:01:02:03' }, {}, { mac_address })).toBe('MAC address');
    },
  );

  it('to a serial number or a board overlooks case, spaces and the NUL of the device tree', () => {
    const binding = { bind_serial_number: '10000000ABC', bind_board_model: 'Raspberry Pi 4  Model B' };
    const hardware = { serial_number: ' 10000000abc\0', board_model: 'raspberry pi 4 model b\0' };
    expect(mismatch(binding, hardware, {})).toBeUndefined();
    expect(mismatch(binding, { ...hardware, serial_number: '10000000abd' }, {})).toBe('serial number');
    expect(mismatch(binding, { ...hardware, board_model: 'Raspberry Pi 5' }, {})).toBe('board');
    expect(mismatch(binding, { ...hardware, board_model: '\0 ' }, {})).toBe('board');
  });
});

describe('what a device sends', () => {
  it('is kept but for NUL and lone surrogates, in texts and in names', () => {
    const sent = {
      'ke\0y': ['a\0', { deep: '\ud800' }],
      none: null,
      left: undefined,
      number: 4,
      flag: false,
    };
    const clean = { key: ['a', { deep: '\ufffd' }], none: null, number: 4, flag: false };
    expect(storable(sent)).toEqual({ value: clean, json: JSON.stringify(clean) });
  });

  it('needs cleaning once at most', () => {
    fc.assert(
      fc.property(fc.jsonValue(), anyText, (value, text) => {
        const document = { value, text } as object;
        expect(storable(storable(document).value)).toEqual(storable(document));
        expect(cleanText(cleanText(text))).toBe(cleanText(text));
      }),
    );
  });
});

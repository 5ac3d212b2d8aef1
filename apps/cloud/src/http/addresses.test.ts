import { describe, expect, it } from 'vitest';
import { isLoopback, normalAddress, parseNetworks } from './addresses.ts';

describe('an address has one spelling', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:192.0.2.1', '192.0.2.1'],
    ['::ffff:c000:201', '192.0.2.1'],
    ['2001:DB8::1', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['unknown', 'unknown'],
    ['::ffff:nonsense', '::ffff:nonsense'],
  ])('%s is %s', (given, normal) => {
    expect(normalAddress(given)).toBe(normal);
  });
});

describe('networks', () => {
  it('hold their addresses and no others', () => {
    const reading = parseNetworks('10.0.0.0/8,::ffff:192.0.2.7 fd00::/8');
    if (!reading.ok) throw new Error(reading.problem);
    const held = (address: string): boolean => reading.networks.contains(address);
    expect(['10.255.0.1', '192.0.2.7', 'fd12::1'].map(held)).toEqual([true, true, true]);
    expect(['11.0.0.1', '192.0.2.6', 'fe12::1', '', 'x'].map(held)).toEqual([
      false,
      false,
      false,
      false,
      false,
    ]);
  });

  it.each(['10.0.0.0/', '10.0.0.0/x', '10.0.0/8', '1', '0x7f.1', '::1/129', 'host.example', '10.0.0.0/-1'])(
    'are not read from "%s"',
    (text) => {
      expect(parseNetworks(text)).toMatchObject({ ok: false });
    },
  );
});

it('loopback is this machine and nothing that merely looks like it', () => {
  expect(['127.0.0.1', '127.9.9.9', '::1'].map(isLoopback)).toEqual([true, true, true]);
  expect(['128.0.0.1', '127.example', '::2', 'unknown'].map(isLoopback)).toEqual([
    false,
    false,
    false,
    false,
  ]);
});

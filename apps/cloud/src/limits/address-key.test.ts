import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressKey, networksAround } from './address-key.ts';

describe('an address', () => {
  it.each([
    ['an IPv4 address', '203.0.113.7', '203.0.113.7'],
    ['an IPv4 address on an IPv6 socket', '::ffff:203.0.113.7', '203.0.113.7'],
    ['the same in capitals', '::FFFF:203.0.113.7', '203.0.113.7'],
    ['the same in hexadecimal', '::ffff:cb00:7107', '203.0.113.7'],
    ['an IPv4 address behind NAT64', '64:ff9b::203.0.113.7', '203.0.113.7'],
    ['one of the 65,536 networks of a 6to4 site', '2002:cb00:7107:2::1', '203.0.113.7'],
    ['a Teredo client, whatever its server', '2001:0:4136:e378:8000:63bf:34ff:8ef8', '203.0.113.7'],
    ['an IPv6 address', '2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['one with zeros left out at the end', '2001:db8::', '2001:db8:0:0'],
    ['one with zeros left out in the middle', '2001:db8::1', '2001:db8:0:0'],
    ['one with zeros left out among the first four', '2a00::5:6:7:8:9', '2a00:0:0:5'],
    ['one with leading zeros', '2001:0db8:0001:0002::9', '2001:db8:1:2'],
    ['one in capitals', '2001:DB8:A:B::9', '2001:db8:a:b'],
    ['a link-local one with its zone', 'fe80::1%eth0', 'fe80:0:0:0'],
    ['loopback', '::1', '0:0:0:0'],
    ['nothing known', 'unknown', 'unknown'],
    ['no address, with colons', 'not:an:address', 'not:an:address'],
  ])('that is %s counts as %s → %s', (_, address, key) => {
    expect(addressKey(address)).toBe(key);
  });

  it('counts as one with its /64, however it is written, and with no other', () => {
    // Outside of the prefixes that carry IPv4 addresses.
    const first = fc.integer({ min: 0x2003, max: 0xfeff }).map((value) => value.toString(16));
    const group = fc.nat(0xffff).map((value) => value.toString(16));
    fc.assert(
      fc.property(
        fc.tuple(first, group, group, group),
        fc.tuple(group, group, group, group),
        (network, host) => {
          const key = addressKey([...network, ...host].join(':'));
          expect(addressKey(`${network.join(':')}::${host[3]}`)).toBe(key);
          expect(addressKey([...network, '1', '2', '3', '4'].join(':').toUpperCase())).toBe(key);
          const neighbour = (Number.parseInt(network[3], 16) ^ 1).toString(16);
          expect(addressKey([...network.slice(0, 3), neighbour, ...host].join(':'))).not.toBe(key);
        },
      ),
    );
  });

  it('lies in the networks of its holder and of its provider; an IPv4 address in none', () => {
    expect(networksAround(addressKey('2001:db8:1:2::9'))).toEqual(['2001:db8:1::/48', '2001:db8::/32']);
    expect(networksAround(addressKey('203.0.113.7'))).toEqual([]);
    expect(networksAround('unknown')).toEqual([]);
  });
});

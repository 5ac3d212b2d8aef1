import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/**
 * What an address counts as: an IPv4 address as itself, an IPv6 address as its /64, whose holder has all of it. An
 * IPv6 address that only carries an IPv4 one counts as that: mapped (RFC 4291), NAT64 (RFC 6052; all of IPv4 would
 * share one /64), 6to4 (RFC 3056; one IPv4 address has 65,536 of its /64s) and Teredo (RFC 4380; its upper half names
 * the server, not the client).
 *
 * @returns one spelling for all that count as one; text that is no address comes back as it is.
 */
export function addressKey(address: string): string {
  if (!address.includes(':')) return address;
  const zone = address.indexOf('%');
  const bare = zone < 0 ? address : address.slice(0, zone);
  if (isIP(bare) !== 6) return address;
  const { parts } = ipaddr.IPv6.parse(bare);
  return carriedIpv4(parts) ?? groupsText(parts.slice(0, 4));
}

/** The networks around a key of {@link addressKey}, the narrower first: /48 and /32 of an IPv6 /64, none of IPv4. */
export function networksAround(key: string): readonly string[] {
  const groups = key.split(':');
  if (groups.length !== 4) return [];
  return [`${groups.slice(0, 3).join(':')}::/48`, `${groups.slice(0, 2).join(':')}::/32`];
}

/** Where an IPv6 address of a prefix carries an IPv4 one: the index of its upper half, and whether it is inverted. */
const carriers = [
  { prefix: [0, 0, 0, 0, 0, 0xffff], at: 6, inverted: false },
  { prefix: [0x64, 0xff9b, 0, 0, 0, 0], at: 6, inverted: false },
  { prefix: [0x2002], at: 1, inverted: false },
  { prefix: [0x2001, 0], at: 6, inverted: true },
] as const;

function carriedIpv4(parts: readonly number[]): string | undefined {
  const carrier = carriers.find(({ prefix }) => prefix.every((group, index) => parts[index] === group));
  if (carrier === undefined) return undefined;
  const { at, inverted } = carrier;
  const mask = inverted ? 0xffff : 0;
  return ipv4Text((parts[at] ?? 0) ^ mask, (parts[at + 1] ?? 0) ^ mask);
}

function ipv4Text(high: number, low: number): string {
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');
}

function groupsText(groups: readonly number[]): string {
  return groups.map((group) => group.toString(16)).join(':');
}

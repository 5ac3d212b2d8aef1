import ipaddr from 'ipaddr.js';
import { isIP } from 'node:net';

/** A set of IP addresses and networks. */
export interface NetworkSet {
  /** Whether `address`, in the form of {@link normalAddress}, lies in one of the networks. */
  contains(address: string): boolean;
  readonly empty: boolean;
}

export type NetworkReading =
  { readonly ok: true; readonly networks: NetworkSet } | { readonly ok: false; readonly problem: string };

type Network = [ipaddr.IPv4 | ipaddr.IPv6, number];

/** Reads addresses and CIDR networks separated by commas or spaces: `10.0.0.0/8, 192.0.2.7 ::1`. */
export function parseNetworks(text: string): NetworkReading {
  const networks: Network[] = [];
  for (const item of text.split(/[\s,]+/).filter((part) => part !== '')) {
    const network = parseNetwork(item);
    if (network === undefined) {
      return { ok: false, problem: `"${item}" is no IP address and no network such as 10.0.0.0/8` };
    }
    if (network[1] === 0) return { ok: false, problem: `"${item}" would trust every address there is` };
    networks.push(network);
  }
  return { ok: true, networks: networkSet(networks) };
}

export const noNetworks: NetworkSet = { empty: true, contains: () => false };

function networkSet(networks: readonly Network[]): NetworkSet {
  if (networks.length === 0) return noNetworks;
  return {
    empty: false,
    contains: (text) => {
      if (isIP(text) === 0) return false;
      const address = ipaddr.parse(text);
      return networks.some(([base, bits]) => address.kind() === base.kind() && address.match(base, bits));
    },
  };
}

function parseNetwork(item: string): Network | undefined {
  const slash = item.indexOf('/');
  const text = normalAddress(slash < 0 ? item : item.slice(0, slash));
  if (isIP(text) === 0) return undefined;
  const address = ipaddr.parse(text);
  const bitsMax = address.kind() === 'ipv4' ? 32 : 128;
  if (slash < 0) return [address, bitsMax];
  const bits = item.slice(slash + 1);
  if (!/^\d{1,3}$/.test(bits) || Number(bits) > bitsMax) return undefined;
  return [address, Number(bits)];
}

/**
 * One spelling for an address: an IPv4 address that arrived on an IPv6 socket (`::ffff:192.0.2.1`) is the IPv4
 * address, and the zone (`%eth0`) of a link-local one is dropped. Other text comes back unchanged.
 */
export function normalAddress(address: string): string {
  if (!address.includes(':')) return address;
  const zone = address.indexOf('%');
  const bare = (zone < 0 ? address : address.slice(0, zone)).toLowerCase();
  if (!bare.startsWith('::ffff:')) return bare;
  const mapped = bare.slice(7);
  if (isIP(mapped) === 4) return mapped;
  if (isIP(bare) === 0) return bare;
  return ipaddr.process(bare).toString();
}

/** Whether a normal address is this machine itself: 127.0.0.0/8 or ::1. */
export function isLoopback(address: string): boolean {
  return address === '::1' || (address.startsWith('127.') && isIP(address) === 4);
}

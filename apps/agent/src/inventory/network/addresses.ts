import { isIP } from 'node:net';
import type { HostAddress, HostFacts } from '../host-facts.ts';

/** How far an address reaches, best first. */
const reaches = ['v4', 'v6', 'v6-site', 'v4-link', 'v6-link'] as const;
type Reach = (typeof reaches)[number];

/** The addresses of an interface that others can use, best first: global IPv4, global IPv6, link-local last. */
export function usableAddresses(host: HostFacts, interfaceName: string): readonly string[] {
  const usable = hostAddresses(host, interfaceName)
    .filter((entry) => !entry.internal && isIP(entry.address) !== 0)
    .map((entry) => ({ address: entry.address, rank: reaches.indexOf(reach(entry)) }));
  return usable.sort((left, right) => left.rank - right.rank).map((entry) => entry.address);
}

export function isLinkLocal(address: string): boolean {
  return /^(?:169\.254\.|fe[89ab][0-9a-f]:)/i.test(address);
}

/** All addresses of an interface. Names come from files, and an object also answers to `constructor`. */
export function hostAddresses(host: HostFacts, interfaceName: string): readonly HostAddress[] {
  if (!Object.hasOwn(host.networkInterfaces, interfaceName)) return [];
  return host.networkInterfaces[interfaceName] ?? [];
}

function reach(entry: HostAddress): Reach {
  if (entry.family === 'IPv4') return isLinkLocal(entry.address) ? 'v4-link' : 'v4';
  if (isLinkLocal(entry.address)) return 'v6-link';
  // Unique local addresses, fc00::/7 (RFC 4193).
  return /^f[cd]/i.test(entry.address) ? 'v6-site' : 'v6';
}

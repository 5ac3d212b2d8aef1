import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { isLoopback, type NetworkSet, normalAddress } from '../http/addresses.ts';

/** IPv6 addresses that are given out for the public internet (IANA, 2000::/3). */
const publicIpv6: [ipaddr.IPv6, number] = [ipaddr.IPv6.parse('2000::'), 3];

/**
 * Whether the cloud may call an address that somebody else has named: one of the public internet, or of a network that
 * whoever runs the cloud has allowed. Addresses of this machine, of private networks, of the link (where clouds keep
 * their metadata), and those that stand for an IPv4 address, are not public.
 */
export function mayCall(address: string, allowed: NetworkSet): boolean {
  const normal = normalAddress(address);
  if (isIP(normal) === 0) return false;
  if (allowed.contains(normal)) return true;
  const parsed = ipaddr.parse(normal);
  if (parsed.range() !== 'unicast') return false;
  return parsed.kind() === 'ipv4' || (parsed as ipaddr.IPv6).match(publicIpv6);
}

/** The host of a URL as sockets take it: without the brackets of an IPv6 address. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

/**
 * Why a URL is none that the cloud would call; undefined: it is one. What its name resolves to is judged when it is
 * called, each time.
 */
export function addressProblem(text: string, allowed: NetworkSet): string | undefined {
  const url = URL.parse(text);
  if (url === null) return 'It is no URL.';
  if (url.username !== '' || url.password !== '') return 'It must hold no user name or password.';
  const host = hostOf(url);
  if (url.protocol === 'http:') {
    if (!isLoopbackName(host)) return 'It must begin with https://.';
    if (!mayCall(host === 'localhost' ? '127.0.0.1' : host, allowed)) return refusedAddress(host);
    return undefined;
  }
  if (url.protocol !== 'https:') return 'It must begin with https://.';
  if (isIP(host) !== 0 && !mayCall(host, allowed)) return refusedAddress(host);
  return undefined;
}

/** Plain HTTP stays on this machine. */
export function isLoopbackName(host: string): boolean {
  return host === 'localhost' || isLoopback(normalAddress(host));
}

function refusedAddress(host: string): string {
  return `${host} is not on the public internet, and not in one of WEBHOOK_NETWORKS.`;
}

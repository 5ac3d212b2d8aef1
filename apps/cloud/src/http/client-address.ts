import ipaddr from 'ipaddr.js';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import type { Logger } from '../logging.ts';
import { isLoopback, type NetworkSet, normalAddress } from './addresses.ts';

/** Most addresses remembered as already warned about; later ones are not named. */
const warnedAddressesMax = 1000;
/** Most hops of X-Forwarded-For that are looked at, from the nearest. */
const hopsMax = 32;

/** Tells who a request comes from. */
export interface ClientAddresses {
  /** The client's address in one spelling; the address of the last hop that is not a trusted proxy. */
  of(request: IncomingMessage): string;
  /**
   * Whether the request was made on this machine and by no proxy: a proxy on loopback speaks for the whole world,
   * so one that is trusted, or that left its mark in a header, does not count.
   */
  isLocal(request: IncomingMessage): boolean;
}

/**
 * `X-Forwarded-For` counts only when a trusted proxy sent it, and is read from its right end: what stands left of
 * the first hop that is not trusted was written by whoever that hop is.
 */
export function clientAddresses(trustedProxies: NetworkSet, logger: Logger): ClientAddresses {
  const warned = new Set<string>();

  function warnOnce(peer: string): void {
    if (warned.size >= warnedAddressesMax || warned.has(peer)) return;
    warned.add(peer);
    logger.warn(
      { address: peer },
      'X-Forwarded-* is ignored from this address: name it in TRUSTED_PROXIES if it is your proxy',
    );
  }

  return {
    of(request) {
      const peer = peerOf(request);
      const forwarded = request.headers['x-forwarded-for'];
      if (forwarded === undefined) return peer;
      if (!trustedProxies.contains(peer)) {
        warnOnce(peer);
        return peer;
      }
      return lastUntrusted(peer, Array.isArray(forwarded) ? forwarded.join(',') : forwarded, trustedProxies);
    },

    isLocal(request) {
      const peer = peerOf(request);
      return isLoopback(peer) && !trustedProxies.contains(peer) && !showsProxy(request);
    },
  };
}

function peerOf(request: IncomingMessage): string {
  return normalAddress(request.socket.remoteAddress ?? 'unknown');
}

/** Walks from the nearest hop outwards; a hop that is no address ends the walk at the one before it. */
function lastUntrusted(peer: string, forwarded: string, trusted: NetworkSet): string {
  let address = peer;
  for (const hop of forwarded.split(',').slice(-hopsMax).reverse()) {
    const next = hopAddress(hop.trim());
    if (next === undefined) return address;
    address = next;
    if (!trusted.contains(address)) return address;
  }
  return address;
}

/** Some proxies add the port: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
function hopAddress(hop: string): string | undefined {
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(hop)?.[1];
  const bare = bracketed ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(hop)?.[1] ?? hop;
  const address = normalAddress(bare);
  return isIP(address) === 0 ? undefined : ipaddr.parse(address).toString();
}

function showsProxy(request: IncomingMessage): boolean {
  const { headers } = request;
  return Object.keys(headers).some(
    (name) =>
      name.startsWith('x-forwarded') || name === 'forwarded' || name === 'via' || name === 'x-real-ip',
  );
}

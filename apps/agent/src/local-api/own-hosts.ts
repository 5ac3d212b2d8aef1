import { isLoopbackHost } from '../net/index.ts';

/** How the device itself is called in a `Host` or `Origin` header. */
export interface OwnHosts {
  readonly scheme: 'http' | 'https';
  readonly port: number;
  /** Lower-case names and addresses, without brackets. */
  readonly names: readonly string[];
}

/**
 * The names under which a device answers. Everything else is refused, because a page of somebody else's may have its
 * own name resolve to this device (DNS rebinding) and would then read and change it with the visitor's browser.
 */
export function ownHosts(options: {
  readonly boundHost: string;
  readonly hostname: string;
  readonly port: number;
  readonly isTls: boolean;
}): OwnHosts {
  const hostname = options.hostname.toLowerCase();
  const named = hostname === '' ? [] : [hostname, `${hostname}.local`];
  return {
    scheme: options.isTls ? 'https' : 'http',
    port: options.port,
    names: ['127.0.0.1', '::1', 'localhost', ...named, options.boundHost.toLowerCase()],
  };
}

/** Whether a text has the form of a `Host` header: a name or an address, with a port or without. */
export function isHost(text: string): boolean {
  return /^[0-9A-Za-z._-]+(?::\d{1,5})?$|^\[[0-9A-Fa-f:.]+\](?::\d{1,5})?$/.test(text);
}

/**
 * @param host the `Host` header.
 * @param localAddress where this connection arrived: a device that listens on every address is reached by each.
 */
export function isOwnHost(
  own: OwnHosts,
  host: string | undefined,
  localAddress: string | undefined,
): boolean {
  return host !== undefined && isHost(host) && isOwnOrigin(own, `${own.scheme}://${host}`, localAddress);
}

/** @param origin the `Origin` header; `null` (a sandboxed page, a file) is nobody's. */
export function isOwnOrigin(own: OwnHosts, origin: string, localAddress: string | undefined): boolean {
  if (!URL.canParse(origin)) return false;
  const url = new URL(origin);
  const port = url.port === '' ? (own.scheme === 'https' ? 443 : 80) : Number(url.port);
  if (url.protocol !== `${own.scheme}:` || port !== own.port) return false;
  const name = url.hostname.replace(/^\[|\]$/g, '');
  return own.names.includes(name) || name === plainAddress(localAddress);
}

/** Whether a request came from this very machine. */
export function isFromLoopback(remoteAddress: string | undefined): boolean {
  return remoteAddress !== undefined && isLoopbackHost(plainAddress(remoteAddress) ?? '');
}

/** A socket that listens on IPv6 shows IPv4 peers as `::ffff:192.0.2.1`. */
function plainAddress(address: string | undefined): string | undefined {
  return address?.replace(/^::ffff:(?=\d+\.)/, '');
}

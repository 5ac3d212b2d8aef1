import type { IncomingMessage } from 'node:http';
import { isHost } from './own-hosts.ts';

export interface RequestTarget {
  /** As it was sent: no address here has a character that would be escaped. */
  readonly path: string;
  /** Whom the request says that it is for, `name` or `name:port`; all of them must be this device. */
  readonly hosts: readonly string[];
}

/**
 * What a request asks for, or undefined where the `Host` or the path is not valid. A target may be a whole URL
 * (RFC 9112, section 3.2.2).
 */
export function targetOf({ url = '', headers }: IncomingMessage): RequestTarget | undefined {
  const host = headers.host ?? '';
  if (!isHost(host)) return undefined;
  if (url.startsWith('/')) return { hosts: [host], path: /^[^?#]*/.exec(url)?.[0] ?? '' };
  const absolute = /^https?:\/\//i.test(url) ? URL.parse(url) : null;
  return absolute === null ? undefined : { hosts: [host, absolute.host], path: absolute.pathname };
}

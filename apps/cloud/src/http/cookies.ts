import type { IncomingHttpHeaders } from 'node:http';
import type { RequestOrigin } from './request-origin.ts';

/** Cookies looked at; browsers send what other programs on this host have set, too. */
const cookiesMax = 100;

/** What a cookie of ours is for. */
export type CookiePurpose = 'session' | 'browser';

/**
 * The name of a cookie. Cookies know no ports, so it carries the port that the browser sees: two clouds on one host,
 * or the two listeners of one, leave each other's alone. On HTTPS the `__Host-` prefix keeps neighbouring domains and
 * plain HTTP from setting it; on plain HTTP (loopback alone) there is no such prefix, for Safari refuses `Secure` there.
 */
export function cookieName(purpose: CookiePurpose, { port, secure }: RequestOrigin): string {
  return `${secure ? '__Host-' : ''}edgeflow-${purpose}-${port}`;
}

/** A `Set-Cookie` header. @param maxAgeSeconds 0: the browser forgets it */
export function setCookie(
  purpose: CookiePurpose,
  value: string,
  maxAgeSeconds: number,
  origin: RequestOrigin,
): string {
  const attributes = `Path=/; HttpOnly; SameSite=Lax; Max-Age=${String(maxAgeSeconds)}`;
  return `${cookieName(purpose, origin)}=${value}; ${attributes}${origin.secure ? '; Secure' : ''}`;
}

/** The value of one of our cookies; undefined when there is none. Of two with one name the first counts. */
export function readCookie(
  purpose: CookiePurpose,
  headers: Pick<IncomingHttpHeaders, 'cookie'>,
  origin: RequestOrigin,
): string | undefined {
  const name = cookieName(purpose, origin);
  for (const pair of (headers.cookie ?? '').split(';', cookiesMax)) {
    const at = pair.indexOf('=');
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim() || undefined;
  }
  return undefined;
}

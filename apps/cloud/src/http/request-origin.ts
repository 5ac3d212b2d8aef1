import type { IncomingMessage } from 'node:http';
import { normalAddress, type NetworkSet } from './addresses.ts';
import { ProblemError } from './problems.ts';

/** What a browser sees of the cloud: the address in its address bar. */
export interface RequestOrigin {
  /** Whether the browser speaks HTTPS, to us or to a proxy that is trusted. */
  readonly secure: boolean;
  /** Whether its TLS connection ends here, with our certificate, and not at a proxy that is trusted. */
  readonly ownTls: boolean;
  /** Name and port, as the browser asked for them; lower case. */
  readonly host: string;
  /** The port in that address, or the one that its scheme stands for. */
  readonly port: string;
}

/** `X-Forwarded-Proto` and `X-Forwarded-Host` count only when a trusted proxy sent them. */
export function requestOrigins(trustedProxies: NetworkSet): (request: IncomingMessage) => RequestOrigin {
  return (request) => {
    const { headers, socket } = request;
    const proxied = trustedProxies.contains(normalAddress(socket.remoteAddress ?? 'unknown'));
    const encrypted = 'encrypted' in socket && socket.encrypted === true;
    const forwarded = (name: string): string | undefined => (proxied ? lastOf(headers[name]) : undefined);
    const secure = encrypted || forwarded('x-forwarded-proto') === 'https';
    const host = (forwarded('x-forwarded-host') ?? headers.host ?? '').toLowerCase();
    const port = /:(\d{1,5})$/.exec(host)?.[1] ?? (secure ? '443' : '80');
    return { secure, ownTls: encrypted && !proxied, host, port };
  };
}

/** Of several values the one that the nearest proxy added; undefined when it added none. */
function lastOf(header: string | string[] | undefined): string | undefined {
  const last = [header ?? []].flat().join(',').split(',').at(-1)?.trim().toLowerCase();
  return last === '' ? undefined : last;
}

/**
 * Whether a request was made by a page of another site, as the browser says (`Origin`, else `Sec-Fetch-Site`).
 * `unknown`: it says neither, as programs do.
 */
export function siteOf(request: IncomingMessage, own: RequestOrigin): 'own' | 'other' | 'unknown' {
  const { origin, 'sec-fetch-site': site } = request.headers;
  if (origin !== undefined) return isOwn(origin, own) ? 'own' : 'other';
  if (typeof site !== 'string') return 'unknown';
  // `none`: typed into the address bar, or by a bookmark.
  return site === 'same-origin' || site === 'none' ? 'own' : 'other';
}

function isOwn(origin: string, own: RequestOrigin): boolean {
  const url = URL.parse(origin);
  if (url === null || (own.secure && url.protocol !== 'https:')) return false;
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  return url.hostname === URL.parse(`http://${own.host}`)?.hostname && port === own.port;
}

/** @throws ProblemError `cross_site` for a request that a page of another site has made */
export function refuseOtherSites(request: IncomingMessage, own: RequestOrigin): void {
  if (siteOf(request, own) === 'other') throw new ProblemError('cross_site');
}

/** @throws ProblemError `cross_site` unless the request was made by a page of our own */
export function requireOwnSite(request: IncomingMessage, own: RequestOrigin): void {
  if (siteOf(request, own) !== 'own') throw new ProblemError('cross_site');
}

import { createHash } from 'node:crypto';
import { BlockList, isIP } from 'node:net';
import { type CloudAddress, isLoopbackHost } from './address.ts';

/** A proxy that is asked to CONNECT. The credentials are private, so that no log or error can print them. */
export class HttpProxy {
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
  /** `host:port`, for messages. */
  readonly label: string;
  readonly #authorization: string | undefined;

  constructor(url: URL) {
    this.host = url.hostname.replace(/^\[|\]$/g, '');
    this.isTls = url.protocol === 'https:';
    this.port = url.port === '' ? (this.isTls ? 443 : 80) : Number(url.port);
    this.label = `${url.hostname}:${String(this.port)}`;
    const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    this.#authorization =
      credentials === ':' ? undefined : `Basic ${Buffer.from(credentials).toString('base64')}`;
  }

  get hasCredentials(): boolean {
    return this.#authorization !== undefined;
  }

  /** Changes with scheme, place and credentials, and tells none of them. */
  get identity(): string {
    const parts = JSON.stringify([this.isTls, this.label, this.#authorization]);
    return createHash('sha256').update(parts).digest('base64');
  }

  /** RFC 7617. For the proxy alone. */
  authorizationHeaders(): Readonly<Record<string, string>> {
    return this.#authorization === undefined ? {} : { 'proxy-authorization': this.#authorization };
  }
}

export type ProxyReading =
  | { readonly ok: true; readonly proxy: HttpProxy }
  | { readonly ok: false; readonly problem: string; readonly nextStep: string };

/** Reads HTTPS_PROXY: `http://user:password@host:port`; the scheme may be left out, as curl allows. */
export function readProxy(text: string): ProxyReading {
  const nextStep = 'Write it as http://proxy.example:3128 or http://user:password@proxy.example:3128.';
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  if (!URL.canParse(withScheme)) return { ok: false, problem: 'is no address of a proxy', nextStep };
  const url = new URL(withScheme);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    const problem = `names a proxy of the kind ${url.protocol}//, which this agent does not speak`;
    return { ok: false, problem, nextStep: 'Name an HTTP proxy that allows CONNECT.' };
  }
  try {
    return { ok: true, proxy: new HttpProxy(url) };
  } catch {
    return {
      ok: false,
      problem: 'has a user name or password with a % that is no escape',
      nextStep: 'Write a % in them as %25.',
    };
  }
}

/** HTTPS_PROXY and NO_PROXY, read. */
export interface ProxySettings {
  readonly proxy: HttpProxy | undefined;
  readonly exceptions: string;
}

/** The proxy on the way to a cloud, or undefined for a direct connection. Loopback is never asked of a proxy. */
export function proxyFor(address: CloudAddress, settings: ProxySettings | undefined): HttpProxy | undefined {
  if (settings?.proxy === undefined || isLoopbackHost(address.host)) return undefined;
  return isException(settings.exceptions, address) ? undefined : settings.proxy;
}

/**
 * NO_PROXY as curl and Go read it: entries divided by commas or spaces; `*` for all; a domain stands for itself and
 * everything below it (a leading `.` or `*.` changes nothing); addresses, networks (`10.0.0.0/8`), and `:port`
 * behind an entry.
 */
function isException(exceptions: string, address: Pick<CloudAddress, 'host' | 'port'>): boolean {
  return exceptions
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => entry !== '' && matches(entry, address));
}

function matches(entry: string, { host, port }: Pick<CloudAddress, 'host' | 'port'>): boolean {
  if (entry === '*') return true;
  const withPort = /^\[(.+)\](?::(\d+))?$/.exec(entry) ?? /^([^:]+)(?::(\d+))?$/.exec(entry);
  // What has colons and no brackets is an IPv6 address or network.
  const [, name = entry, entryPort] = withPort ?? [];
  if (entryPort !== undefined && Number(entryPort) !== port) return false;
  if (isIP(host) !== 0) return isInNetwork(host, name);
  const domain = name.replace(/^\*?\./, '').replace(/\.$/, '');
  return host === domain || host.endsWith(`.${domain}`);
}

function isInNetwork(host: string, network: string): boolean {
  const [start = '', bits] = network.split('/');
  const family = isIP(start);
  if (family === 0) return false;
  const list = new BlockList();
  const kind = family === 6 ? 'ipv6' : 'ipv4';
  const prefix = Number(bits ?? (family === 6 ? 128 : 32));
  if (!Number.isInteger(prefix) || prefix < 0 || prefix > (family === 6 ? 128 : 32)) return false;
  list.addSubnet(start, prefix, kind);
  return list.check(host, isIP(host) === 6 ? 'ipv6' : 'ipv4');
}

import { BlockList, isIP, isIPv6 } from 'node:net';

/** Where a cloud is, in its one normal form. */
export interface CloudAddress {
  /** `https://host:port/prefix`: the default port and an empty prefix are left out. Two equal texts are one cloud. */
  readonly url: string;
  /** Name in lower-case ASCII, or address without brackets. */
  readonly host: string;
  readonly port: number;
  /** `host:port` for messages and the `Host` header; the default port is left out. */
  readonly authority: string;
  readonly isTls: boolean;
  /** Path that the cloud is served under: empty, or `/prefix`. */
  readonly basePath: string;
}

export type AddressReading =
  | { readonly ok: true; readonly address: CloudAddress }
  | { readonly ok: false; readonly problem: string; readonly nextStep: string };

const addressLengthMax = 1024;
const example = 'Write it as cloud.example, cloud.example:8443 or https://cloud.example:8443.';

/**
 * Reads `host`, `host:port` or a URL. A bare host means HTTPS on port 443, as in a browser; `wss` is read as `https`
 * and `ws` as `http`, and the path `/tunnel` of older settings is dropped. Plain HTTP is for loopback alone.
 *
 * @param wantsTls what EDGEFLOW_SAAS_TLS says; undefined when it is not set.
 */
export function readCloudAddress(text: string, wantsTls?: boolean): AddressReading {
  const trimmed = text.trim();
  if (trimmed.length > addressLengthMax || /[\s\p{C}]/u.test(trimmed)) {
    return refuse('holds spaces or is far too long', example);
  }
  const withScheme = addScheme(trimmed, wantsTls);
  if (!withScheme.ok) return withScheme;
  if (!URL.canParse(withScheme.url)) return refuse('is no address', example);
  return judge(new URL(withScheme.url), wantsTls);
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Whether a name or an address (without brackets) means this very machine (RFC 6761, section 6.3). */
export function isLoopbackHost(host: string): boolean {
  const family = isIP(host);
  if (family !== 0) return loopback.check(host, family === 6 ? 'ipv6' : 'ipv4');
  return host === 'localhost' || host.endsWith('.localhost');
}

type SchemeReading = { readonly ok: true; readonly url: string } | (AddressReading & { readonly ok: false });

const schemes: Readonly<Record<string, string>> = { https: 'https', wss: 'https', http: 'http', ws: 'http' };

function addScheme(text: string, wantsTls: boolean | undefined): SchemeReading {
  const [, scheme, rest] = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/i.exec(text) ?? [];
  if (scheme !== undefined && rest !== undefined) {
    const known = schemes[scheme.toLowerCase()];
    if (known === undefined) return refuse(`begins with ${scheme}://, which is not HTTPS`, example);
    return { ok: true, url: `${known}://${rest}` };
  }
  if (/^(https?|wss?):/i.test(text)) return refuse('has no // after its scheme', example);
  if (/^\d+$/.test(text)) return refuse('is only a number', example);
  return { ok: true, url: `${wantsTls === false ? 'http' : 'https'}://${isIPv6(text) ? `[${text}]` : text}` };
}

function judge(url: URL, wantsTls: boolean | undefined): AddressReading {
  if (url.username !== '' || url.password !== '') {
    return refuse(
      'holds a user name or password',
      'Leave out everything up to the @; the code or key is enough.',
    );
  }
  if (url.hash !== '' || url.search !== '') {
    return url.pathname.endsWith('/add')
      ? refuse('is a provisioning link', 'Put the whole link into EDGEFLOW_PROVISIONING_LINK instead.')
      : refuse('goes on after a ? or #', 'Leave out everything from the ? or # on.');
  }
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  if (host === '' || host === '0.0.0.0' || host === '::') {
    return refuse(
      'names no host to connect to',
      'Write the name or address by which this device reaches the cloud.',
    );
  }
  if (url.port === '0') return refuse('has port 0', example);
  const isTls = url.protocol === 'https:';
  const contradiction = schemeProblem(host, isTls, wantsTls);
  if (contradiction !== undefined) return contradiction;
  const basePath = url.pathname.replace(/\/+$/, '').replace(/\/tunnel$/, '');
  const authority = (isIPv6(host) ? `[${host}]` : host) + (url.port === '' ? '' : `:${url.port}`);
  const port = url.port === '' ? (isTls ? 443 : 80) : Number(url.port);
  const address = { url: `${url.protocol}//${authority}${basePath}`, host, port, authority, isTls, basePath };
  return { ok: true, address };
}

function schemeProblem(
  host: string,
  isTls: boolean,
  wantsTls: boolean | undefined,
): AddressReading | undefined {
  if (wantsTls === true && !isTls) {
    return refuse(
      'says http:// while EDGEFLOW_SAAS_TLS says true',
      'Write https://, or remove EDGEFLOW_SAAS_TLS.',
    );
  }
  if (wantsTls === false && isTls) {
    return refuse('says https:// while EDGEFLOW_SAAS_TLS says false', 'Remove EDGEFLOW_SAAS_TLS.');
  }
  if (!isTls && !isLoopbackHost(host)) {
    return refuse(
      'would send codes and keys without TLS to another machine',
      'Use https://. Plain HTTP is for a cloud on this very machine (127.0.0.1, ::1, localhost).',
    );
  }
  return undefined;
}

function refuse(problem: string, nextStep: string): AddressReading & { readonly ok: false } {
  return { ok: false, problem, nextStep };
}

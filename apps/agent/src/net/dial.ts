import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net';
import type { TimeSource } from '@edgeflow/platform';
import type { CloudAddress } from './address.ts';
import { abandonable, withDeadline } from './deadline.ts';
import { addressAttemptMs, type ConnectTimeouts } from './limits.ts';
import { networkErrorCode, whenReady } from './socket.ts';
import { TransportError } from './transport.ts';

/** Addresses of a host, in the order to try them. Rejects with Node's `ENOTFOUND` or `EAI_AGAIN`. */
export type Resolve = (host: string) => Promise<readonly LookupAddress[]>;

export const systemResolve: Resolve = (host) => lookup(host, { all: true });

export type ConnectPhase = 'resolve' | 'proxy' | 'tcp' | 'tls' | 'pin';

/** Told how far a connection has come. A phase that was started and never passed is the one that failed. */
export interface ConnectObserver {
  started(phase: ConnectPhase): void;
  passed(phase: ConnectPhase, detail: string): void;
}

export const silentObserver: ConnectObserver = { started: () => undefined, passed: () => undefined };

export interface DialDeps {
  readonly time: TimeSource;
  readonly timeouts: ConnectTimeouts;
  readonly resolve: Resolve;
  readonly observer: ConnectObserver;
}

/** One end to connect to. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  /** `host:port`, for messages. */
  readonly label: string;
  /** What to say beside it when nothing answers there. */
  readonly hint?: string;
}

export function endpointOf({ host, port, isTls }: CloudAddress): Endpoint {
  const name = isIP(host) === 6 ? `[${host}]` : host;
  const hint = `Port 443 is tried where none is set; an EdgeFlow cloud listens on 8443 unless told otherwise: ${name}:8443.`;
  return { host, port, label: `${name}:${String(port)}`, ...(isTls && port === 443 ? { hint } : {}) };
}

/**
 * Resolves a host and opens a TCP connection to the first of its addresses that answers. Nothing is sent.
 *
 * @throws TransportError `name_not_resolved`, `cloud_unreachable`.
 */
export async function dial(endpoint: Endpoint, deps: DialDeps, signal: AbortSignal): Promise<Socket> {
  const addresses = await resolveHost(endpoint, deps, signal);
  const { timeouts } = deps;
  const { timers } = deps.time;
  deps.observer.started('tcp');
  const seconds = String(timeouts.tcpMs / 1000);
  const late = (): Error =>
    new TransportError(
      'cloud_unreachable',
      `${endpoint.label} did not answer within ${seconds} seconds: a firewall drops the packets, or the address is wrong.${hintOf(endpoint)}`,
    );
  return withDeadline({ timers, limitMs: timeouts.tcpMs, signal, late }, async (bounded) => {
    const socket = connectTcp({
      host: endpoint.host,
      port: endpoint.port,
      lookup: alreadyResolved(addresses),
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: addressAttemptMs,
      noDelay: true,
    });
    try {
      await whenReady(socket, 'connect', bounded);
    } catch (error) {
      throw unreachable(endpoint, error);
    }
    deps.observer.passed('tcp', `${endpoint.label} accepts connections (${socket.remoteAddress ?? ''})`);
    return socket;
  });
}

async function resolveHost(
  { host }: Endpoint,
  deps: DialDeps,
  signal: AbortSignal,
): Promise<readonly LookupAddress[]> {
  const { timeouts, observer } = deps;
  const { timers } = deps.time;
  observer.started('resolve');
  const family = isIP(host);
  if (family !== 0) {
    observer.passed('resolve', `${host} is an address; there is nothing to resolve`);
    return [{ address: host, family }];
  }
  const late = (): Error => notResolved(host, 'the name servers did not answer in time');
  const addresses = await withDeadline(
    { timers, limitMs: timeouts.resolveMs, signal, late },
    async (bounded) => {
      try {
        return await abandonable(deps.resolve(host), bounded);
      } catch (error) {
        throw notResolved(host, resolveFailure(networkErrorCode(error)), error);
      }
    },
  );
  if (addresses.length === 0) throw notResolved(host, 'the name has no address');
  observer.passed('resolve', `${host} is ${addresses.map(({ address }) => address).join(', ')}`);
  return addresses;
}

function notResolved(host: string, why: string, cause?: unknown): TransportError {
  return new TransportError('name_not_resolved', `The name ${host} does not resolve: ${why}.`, { cause });
}

function resolveFailure(code: string): string {
  if (code === 'ENOTFOUND') return 'there is no such name';
  if (code === 'EAI_AGAIN') return 'no name server answers (is the network up?)';
  return `the lookup failed (${code === '' ? 'unknown cause' : code})`;
}

function alreadyResolved(addresses: readonly LookupAddress[]): LookupFunction {
  return (_host, options, callback) => {
    const [first] = addresses;
    if (options.all === true) callback(null, [...addresses]);
    else callback(null, first?.address ?? '', first?.family ?? 4);
  };
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refused the connection: nothing listens on that port, or a firewall forbids it',
  ECONNRESET: 'broke off the connection',
  ETIMEDOUT: 'did not answer: a firewall drops the packets, or the address is wrong',
  EHOSTUNREACH: 'cannot be reached: there is no route to this host',
  ENETUNREACH: 'cannot be reached: this device has no network, or no route to that one',
  EADDRNOTAVAIL: 'cannot be reached: this device has no address to connect from',
  EACCES: 'cannot be reached: the firewall of this device forbids it',
  EPERM: 'cannot be reached: the firewall of this device forbids it',
};

/** The host is there, or may be, and another port of it may answer. */
const silent: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT']);

function hintOf({ hint }: Endpoint): string {
  return hint === undefined ? '' : ` ${hint}`;
}

function unreachable(endpoint: Endpoint, error: unknown): TransportError {
  const code = networkErrorCode(error);
  const why = reasons[code] ?? 'cannot be reached';
  return new TransportError(
    'cloud_unreachable',
    `${endpoint.label} ${why}${code === '' ? '' : ` (${code})`}.${silent.has(code) ? hintOf(endpoint) : ''}`,
    {
      cause: error,
    },
  );
}

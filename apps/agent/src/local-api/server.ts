import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { isIP } from 'node:net';
import { fileErrorCode } from '@edgeflow/platform';
import { isLoopbackHost, type Resolve, systemResolve } from '../net/index.ts';
import { buildLocalApp } from './app.ts';
import type { LocalAppDeps } from './handler.ts';
import { ownHosts } from './own-hosts.ts';

export interface LocalApiOptions extends Omit<LocalAppDeps, 'own'> {
  /** An address or a name. Anything that is not loopback, by the address it stands for, needs `tls` and a long token. */
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly tls: { readonly certificatePem: string; readonly keyPem: string } | undefined;
  /** The token is one that people made up, and short: it may be guessed by whoever can ask often enough. */
  readonly isTokenShort: boolean;
  /** Of the device, as the operating system says. */
  readonly hostname: string;
  /** For tests: the system's own when left out. */
  readonly resolve?: Resolve;
}

export type LocalApi =
  | {
      readonly listening: true;
      readonly url: string;
      readonly port: number;
      /** Takes no more requests and breaks off those that are under way. */
      close(): Promise<void>;
    }
  /** The agent goes on without it. */
  | { readonly listening: false; readonly reason: string; readonly nextStep: string };

/** More than people and scripts on one device open at once; beyond it new connections are dropped. */
const connectionsMax = 64;
const headersTimeoutMs = 10_000;
const requestTimeoutMs = 30_000;

/** Starts the device's own API. Never rejects: a device whose port is taken onboards all the same. */
export async function startLocalApi(options: LocalApiOptions): Promise<LocalApi> {
  const { host, tls } = options;
  let port = options.port;
  const own = () => ownHosts({ boundHost: host, hostname: options.hostname, port, isTls: tls !== undefined });
  const server = createServer(options, buildLocalApp({ ...options, own }));
  try {
    const address = await addressOf(options);
    const refusal = refusalAt(address, options);
    if (refusal !== undefined) return refusal;
    port = await listen(server, address, options.port);
    // A connection that cannot be accepted (no file descriptors left) must not take the agent down.
    server.on('error', (error) => {
      options.log.warn({ error: error.message }, 'the local API could not accept a connection');
    });
  } catch (error) {
    return notListening(error, options);
  }
  const authority = `${host.includes(':') ? `[${host}]` : host}:${String(port)}`;
  return {
    listening: true,
    url: `${tls === undefined ? 'http' : 'https'}://${authority}`,
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

function createServer({ tls }: LocalApiOptions, listener: RequestListener): Server {
  const limits = { headersTimeout: headersTimeoutMs, requestTimeout: requestTimeoutMs };
  const server =
    tls === undefined
      ? createHttpServer(limits, listener)
      : createHttpsServer(
          { ...limits, cert: tls.certificatePem, key: tls.keyPem, minVersion: 'TLSv1.2' },
          listener,
        );
  server.maxConnections = connectionsMax;
  return server;
}

/** What a name stands for is asked once, so that the address that is judged is the one that is listened on. */
async function addressOf({ host, resolve = systemResolve }: LocalApiOptions): Promise<string> {
  if (isIP(host) !== 0) return host;
  const [first] = await resolve(host);
  if (first === undefined) throw Object.assign(new Error('the name has no address'), { code: 'ENOTFOUND' });
  return first.address;
}

/** Why it may not listen there. A name says nothing: `localhost` is whatever the hosts file says. */
function refusalAt(address: string, { host, tls, isTokenShort }: LocalApiOptions): LocalApi | undefined {
  if (isLoopbackHost(address)) return undefined;
  const place = host === address ? host : `${host} (${address})`;
  if (tls === undefined) {
    return {
      listening: false,
      reason: `The local API may not listen on ${place} without TLS: codes and the token would cross the network in the clear.`,
      nextStep:
        'Set EDGEFLOW_SERVER_TLS_CERT_FILE and EDGEFLOW_SERVER_TLS_KEY_FILE, or let it listen on 127.0.0.1.',
    };
  }
  if (!isTokenShort) return undefined;
  return {
    listening: false,
    reason: `The local API may not listen on ${place} with so short a token: other machines could guess it.`,
    nextStep: 'Make EDGEFLOW_SERVER_TOKEN longer (openssl rand -hex 16), or let it listen on 127.0.0.1.',
  };
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

function notListening(error: unknown, { host, port }: LocalApiOptions): LocalApi {
  const code = fileErrorCode(error) ?? 'unknown error';
  const place = `${host}:${String(port)}`;
  const [reason, nextStep] = {
    EADDRINUSE: [
      `Another program listens on ${place} already.`,
      'Stop that program, or set EDGEFLOW_SERVER_PORT to another port; 0 takes any free one.',
    ],
    EACCES: [`This user may not listen on ${place}.`, 'Set EDGEFLOW_SERVER_PORT to a port above 1023.'],
    ENOTFOUND: unresolved(host),
    EAI_AGAIN: unresolved(host),
    EADDRNOTAVAIL: [
      `${host} is not an address of this device.`,
      'Set EDGEFLOW_SERVER_HOST to 127.0.0.1 or to an address of this device.',
    ],
  }[code] ?? [
    `The local API cannot listen on ${place} (${code}).`,
    'Check EDGEFLOW_SERVER_HOST and EDGEFLOW_SERVER_PORT.',
  ];
  return { listening: false, reason: reason ?? '', nextStep: nextStep ?? '' };
}

function unresolved(host: string): [reason: string, nextStep: string] {
  return [
    `The name ${host} does not resolve on this device.`,
    'Set EDGEFLOW_SERVER_HOST to 127.0.0.1 or to an address of this device.',
  ];
}

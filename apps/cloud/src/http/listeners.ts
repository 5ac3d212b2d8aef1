import { createServer as createHttpServer, type IncomingMessage, type Server as HttpServer } from 'node:http';
import type { ServerOptions, ServerResponse } from 'node:http';
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import type { TimeSource } from '@edgeflow/platform';
import type { ListenSetting } from '../config.ts';
import type { Logger } from '../logging.ts';
import type { CertificateSource } from '../tls/index.ts';
import { answerClientErrors } from './client-errors.ts';
import { listenOrMove, type ListeningAddress } from './listen.ts';
import { ServerDrain } from './server-drain.ts';

export type { ListeningAddress } from './listen.ts';

/** Bounds that keep slow or greedy clients from holding what they were given (Slowloris and its kin). */
export interface ServerLimits {
  /** From accepting the connection, or from the first byte of a later request, to the end of the headers. */
  readonly headersTimeoutMs: number;
  /** To the end of the body. */
  readonly requestTimeoutMs: number;
  /** How often the two bounds above are enforced. */
  readonly checkMs: number;
  /** Between two requests of one connection. */
  readonly keepAliveTimeoutMs: number;
  readonly tlsHandshakeTimeoutMs: number;
  readonly headerBytesMax: number;
}

const limitsDefault: ServerLimits = {
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  checkMs: 2000,
  keepAliveTimeoutMs: 75_000,
  tlsHandshakeTimeoutMs: 10_000,
  headerBytesMax: 16 * 1024,
};
/** TCP keep-alive probes begin after this: peers that vanished are noticed. */
/** Requests that one connection may pipeline ahead of its answers. */
const unansweredPerSocketMax = 64;
/** Longer than the longest command waits, and than the pauses of an event stream. */
const idleSocketMs = 150_000;
const tcpProbeAfterMs = 30_000;

/** Takes over a socket whose request asked for another protocol; must answer or destroy it. */
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

export interface ListenersOptions {
  readonly app: FastifyInstance;
  readonly https: ListenSetting;
  /** Undefined: no plain HTTP. */
  readonly http: ListenSetting | undefined;
  readonly certificates: CertificateSource;
  readonly onUpgrade: UpgradeHandler;
  readonly time: TimeSource;
  readonly logger: Logger;
  readonly limits?: ServerLimits;
}

export interface Listeners {
  readonly https: ListeningAddress;
  readonly http: ListeningAddress | undefined;
  /**
   * Stops accepting, lets requests in flight be answered, closes connections as they fall idle, and after
   * `deadlineMs` destroys what is left. Sockets that were upgraded are their handler's to close before that.
   */
  readonly stop: (deadlineMs: number) => Promise<void>;
}

/**
 * Serves one app on HTTPS and on plain HTTP.
 *
 * @throws SettingError that names the setting, when an address cannot be listened on; then nothing is left open.
 */
export async function startListeners(options: ListenersOptions): Promise<Listeners> {
  await options.app.ready();
  const drains: ServerDrain[] = [];
  const { limits = limitsDefault } = options;
  const secure = createHttpsServer({
    ...serverOptions(limits),
    handshakeTimeout: limits.tlsHandshakeTimeoutMs,
    ...options.certificates.secureContextOptions(),
  });
  logHandshakeFailures(secure, options.logger);
  const plain = options.http === undefined ? undefined : createHttpServer(serverOptions(limits));
  for (const server of [secure, plain]) {
    if (server !== undefined) drains.push(serve(server, options));
  }
  const stopWatching = options.certificates.watch(() => {
    secure.setSecureContext(options.certificates.secureContextOptions());
  });

  async function stop(deadlineMs: number): Promise<void> {
    stopWatching();
    await Promise.all(drains.map((drain) => drain.stop(deadlineMs)));
  }

  try {
    const https = await listenOrMove(secure, options.https, { host: 'HOST', port: 'PORT' }, options.logger);
    const names = { host: 'HTTP_HOST', port: 'HTTP_PORT' };
    const http =
      plain === undefined || options.http === undefined
        ? undefined
        : await listenOrMove(plain, options.http, names, options.logger);
    return { https, http, stop };
  } catch (error) {
    await stop(0);
    throw error;
  }
}

function serverOptions(limits: ServerLimits): ServerOptions {
  return {
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    connectionsCheckingInterval: limits.checkMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    maxHeaderSize: limits.headerBytesMax,
    keepAlive: true,
    keepAliveInitialDelay: tcpProbeAfterMs,
  };
}

/**
 * Cuts off clients that pipeline requests without reading the answers: each answer would wait in memory.
 * @returns whether the request is to be served
 */
function limitUnanswered(): (request: IncomingMessage, response: ServerResponse) => boolean {
  const unanswered = new WeakMap<Socket, number>();
  return ({ socket }, response) => {
    const count = (unanswered.get(socket) ?? 0) + 1;
    unanswered.set(socket, count);
    response.once('close', () => {
      unanswered.set(socket, (unanswered.get(socket) ?? 1) - 1);
    });
    if (count <= unansweredPerSocketMax) return true;
    socket.destroy();
    return false;
  };
}

function serve(server: HttpServer | HttpsServer, options: ListenersOptions): ServerDrain {
  const { app, onUpgrade, time } = options;
  const drain = new ServerDrain(server, time);
  const mayServe = limitUnanswered();
  // Whoever neither sends nor reads for this long is gone, or holds an answer back in our memory.
  server.setTimeout(idleSocketMs);
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (!mayServe(request, response)) return;
    if (drain.stopping) response.setHeader('connection', 'close');
    app.routing(request, response);
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // Until the handler has its own listener, an error on the socket would end the process.
    socket.on('error', () => socket.destroy());
    if (drain.stopping)
      socket.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 5\r\n\r\n');
    else onUpgrade(request, socket, head);
  });
  answerClientErrors(server, options.logger);
  return drain;
}

/** Most addresses whose handshakes are reported; a fleet that does not trust the certificate says so once each. */
const reportedPeersMax = 100;

/** A device that does not trust the certificate is seen here and nowhere else. */
function logHandshakeFailures(server: HttpsServer, logger: Logger): void {
  const reported = new Set<string>();
  // First in line: Node's own listener destroys the socket, which then has no address any more.
  server.prependListener('tlsClientError', (error: Error & { code?: string }, socket: Socket) => {
    const address = socket.remoteAddress;
    // Gone already: port scanners and health checks that only connect.
    if (address === undefined || error.code === 'ECONNRESET') return;
    if (reported.size >= reportedPeersMax || reported.has(address)) return;
    reported.add(address);
    logger.warn(
      { address, code: error.code },
      'a TLS handshake failed; later ones from this address are not named',
    );
  });
}

import { createServer as createHttpServer, type IncomingMessage, type Server as HttpServer } from 'node:http';
import type { ServerOptions, ServerResponse } from 'node:http';
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https';
import { type ServerOpts, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type SecureContextOptions, Server as TlsServer } from 'node:tls';
import { constants } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';
import { bodyBytesMax, tunnelPath } from '@edgeflow/contract';
import type { TimeSource } from '@edgeflow/platform';
import type { ListenSetting } from '../config.ts';
import type { Logger } from '../logging.ts';
import type { CertificateSource } from '../tls/index.ts';
import { Acceptors } from './acceptors.ts';
import { type NetworkSet, noNetworks } from './addresses.ts';
import { answerClientErrors } from './client-errors.ts';
import { boundConnections } from './connection-bound.ts';
import { listenOrMove, type ListeningAddress } from './listen.ts';
import { InTurn } from './in-turn.ts';
import { isChunked, mergeChunks } from './merged-chunks.ts';
import { listenerMetrics } from './listener-metrics.ts';
import { ServerDrain } from './server-drain.ts';
import { SlowLane } from './slow-lane.ts';
import { hasBody, WaitingRoom } from './waiting-room.ts';

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
  /** Connections of one listener that wait for nothing but their client: see {@link WaitingRoom}. */
  readonly waitingMax: number;
  /** Listening sockets of one listener: see {@link Acceptors}. */
  readonly acceptors: number;
  /** Connections of all listeners, tunnels too: see {@link boundConnections}. */
  readonly connectionsMax: number;
}

/** More than a whole fleet behind one address that dials at the same moment. */
export const waitingMaxDefault = 8_192;
/** With turns of 50 ms, as a process that is under attack has them, 320 connections a second of each listener. */
export const acceptorsDefault = 16;

const limitsDefault: ServerLimits = {
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  checkMs: 2000,
  keepAliveTimeoutMs: 75_000,
  // As long as the agent waits: of 5,000 that return at once, the last must not be given up on before it gives up.
  tlsHandshakeTimeoutMs: 20_000,
  headerBytesMax: 16 * 1024,
  waitingMax: waitingMaxDefault,
  acceptors: acceptorsDefault,
  connectionsMax: Infinity,
};
/** Longer than the longest command waits, and than the pauses of an event stream. */
const idleSocketMs = 150_000;
/** TCP keep-alive probes begin after this: peers that vanished are noticed. */
const tcpProbeAfterMs = 30_000;
/** Complaints about connections that could not be accepted are logged this often at most. */
const acceptComplaintMs = 60_000;

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
  readonly limits?: Partial<ServerLimits>;
  /** They speak for many: what one of them sends is not held against the others. */
  readonly trustedProxies?: NetworkSet;
  /** Where the connections are counted. */
  readonly registry?: Registry;
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
  const rooms: Record<string, WaitingRoom> = {};
  const doors: { server: HttpServer | HttpsServer; room: WaitingRoom }[] = [];
  const complain = acceptComplaints(options);
  const lane = new SlowLane(options.time, options.trustedProxies ?? noNetworks, {
    waitingOf: (address) => doors.reduce((sum, { room }) => sum + room.waitingOf(address), 0),
    sendAway: (address, except) => {
      for (const { room } of doors) room.sendAwayIdle(address, except);
    },
    sendAwayOldest: (address, isSpared) => {
      doors.some(({ room }) => room.sendAwayOldest(address, isSpared));
    },
  });
  const limits = { ...limitsDefault, ...options.limits };
  const secure = createHttpsServer({
    ...serverOptions(limits),
    handshakeTimeout: limits.tlsHandshakeTimeoutMs,
    ...secureContext(options.certificates),
  });
  logHandshakeFailures(secure, options.logger);
  const plain = options.http === undefined ? undefined : createHttpServer(serverOptions(limits));

  /** To be listened with. */
  function open(name: string, server: HttpServer | HttpsServer): Acceptors {
    lane.guard(server);
    const room = new WaitingRoom(server, limits.waitingMax);
    rooms[name] = room;
    doors.push({ server, room });
    const acceptors = new Acceptors(server, socketOptions(server), limits.acceptors);
    const drain = new ServerDrain(server, acceptors, options.time);
    drains.push(drain);
    serve(server, room, drain, lane, options);
    surviveAcceptErrors(server, room, complain);
    return acceptors;
  }

  const secureAcceptors = open('https', secure);
  const plainAcceptors = plain === undefined ? undefined : open('http', plain);
  boundConnections(doors, limits.connectionsMax, complain);
  if (options.registry !== undefined) listenerMetrics(options.registry, rooms, lane);
  const stopWatching = options.certificates.watch(() => {
    secure.setSecureContext(secureContext(options.certificates));
  });

  async function stop(deadlineMs: number): Promise<void> {
    stopWatching();
    await Promise.all(drains.map((drain) => drain.stop(deadlineMs)));
  }

  try {
    const https = await listenOrMove(
      secureAcceptors,
      options.https,
      { host: 'HOST', port: 'PORT' },
      options.logger,
    );
    const names = { host: 'HTTP_HOST', port: 'HTTP_PORT' };
    const http =
      plainAcceptors === undefined || options.http === undefined
        ? undefined
        : await listenOrMove(plainAcceptors, options.http, names, options.logger);
    return { https, http, stop };
  } catch (error) {
    await stop(0);
    throw error;
  }
}

/** A handshake costs us far more than its client: one a connection. TLS 1.3 knows no other. */
function secureContext(certificates: CertificateSource): SecureContextOptions {
  return { ...certificates.secureContextOptions(), secureOptions: constants.SSL_OP_NO_RENEGOTIATION };
}

const tcpOptions = { noDelay: true, keepAlive: true, keepAliveInitialDelay: tcpProbeAfterMs } as const;

/** Like Node's own servers: HTTP answers whoever has hung up its half, TLS has an end of its own. */
function socketOptions(server: HttpServer | HttpsServer): ServerOpts {
  return { ...tcpOptions, allowHalfOpen: !(server instanceof TlsServer) };
}

function serverOptions(limits: ServerLimits): ServerOptions {
  return {
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    connectionsCheckingInterval: limits.checkMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    maxHeaderSize: limits.headerBytesMax,
    ...tcpOptions,
    // Any other wish for another protocol is passed over, as RFC 9110 (section 7.8) allows: `curl --http2` asks too.
    shouldUpgradeCallback: isTunnelRequest,
  };
}

function serve(
  server: HttpServer | HttpsServer,
  room: WaitingRoom,
  drain: ServerDrain,
  lane: SlowLane,
  options: ListenersOptions,
): void {
  const { app, onUpgrade, time } = options;
  const slowDown = (socket: Duplex): void => {
    if (socket instanceof Socket) lane.slowDown(socket);
  };
  const inTurn = new InTurn((request, response) => {
    room.serving(request, response);
    if (drain.stopping) response.setHeader('connection', 'close');
    app.routing(request, response);
  }, slowDown);
  // Whoever neither sends nor reads for this long is gone, or holds an answer back in our memory.
  server.setTimeout(idleSocketMs);
  // Node would answer by itself, and go on reading what comes.
  server.on('checkExpectation', (_: IncomingMessage, response: ServerResponse) => {
    response.writeHead(417, { connection: 'close' }).end();
  });
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (isChunked(request)) {
      const { socket } = request;
      mergeChunks(request, time.timers, () => {
        slowDown(socket);
      });
      // What comes of its body after the answer is parsed for nothing, and Node does not say how many chunks it has.
      response.shouldKeepAlive = false;
      response.once('finish', () => {
        if (!request.complete && socket.bytesRead > bodyBytesMax) slowDown(socket);
      });
    }
    inTurn.take(request, response);
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // Until the handler has its own listener, an error on the socket would end the process.
    socket.on('error', destroyBroken);
    // An answer that is still under way would end up in the middle of the other protocol.
    if (inTurn.isBusy(socket)) socket.destroy();
    else if (drain.stopping)
      socket.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 5\r\n\r\n');
    else onUpgrade(request, socket, head);
  });
  answerClientErrors(server, options.logger);
}

/** @returns says, once in a while, that connections had to be sent away or could not be accepted */
function acceptComplaints({ logger, time }: ListenersOptions): (code?: string) => void {
  let complainedMs = -Infinity;
  return (code) => {
    const nowMs = time.clock.monotonic();
    if (nowMs - complainedMs < acceptComplaintMs) return;
    complainedMs = nowMs;
    logger.error({ code }, 'no room for more connections; raise the limit of open files');
  };
}

/** When a connection cannot be accepted, the process goes on, makes room, and says so. */
function surviveAcceptErrors(
  server: HttpServer | HttpsServer,
  room: WaitingRoom,
  complain: (code?: string) => void,
): void {
  server.on('error', (error: Error & { code?: string }) => {
    // An address that cannot be listened on is whoever calls `listen`'s to hear.
    if (!server.listening) return;
    room.makeRoom();
    complain(error.code);
  });
}

function destroyBroken(this: Duplex): void {
  this.destroy();
}

/** One with a body is not: Node would read it beside the other protocol. */
function isTunnelRequest(request: IncomingMessage): boolean {
  const { headers, url = '' } = request;
  const isUpgrade = headers.upgrade?.toLowerCase() === 'websocket' && url.split('?', 1)[0] === tunnelPath;
  return isUpgrade && !hasBody(request);
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

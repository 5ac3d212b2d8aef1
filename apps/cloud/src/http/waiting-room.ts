import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Server as TlsServer, TLSSocket } from 'node:tls';
import { addressKey } from '../limits/address-key.ts';
import { Crowd } from './crowd.ts';
import { isChunked } from './merged-chunks.ts';

/** Sent away at once when a connection could not be accepted. */
const sentAwayForRoom = 64;

/**
 * Bounds the connections of one server that wait for nothing but their client: no complete request yet, none again, or
 * an answer that is not read. Who goes when it is full, {@link Crowd} says. Whoever waits for us is never sent away, and
 * a socket that was upgraded is its handler's to bound.
 */
export class WaitingRoom {
  readonly #crowd: Crowd<Duplex>;
  /** Connections in the middle of a request whose length is known. */
  readonly #speaking = new WeakSet<Duplex>();
  readonly #isTls: boolean;
  /** Hears the close of every socket, which it is called on. */
  readonly #left: (this: Duplex) => void;
  /** Connections that were sent away. */
  evicted = 0;

  constructor(server: HttpServer | HttpsServer, connectionsMax: number) {
    const crowd = new Crowd<Duplex>(connectionsMax);
    this.#crowd = crowd;
    this.#left = function leave(): void {
      crowd.leave(this);
    };
    this.#isTls = server instanceof TlsServer;
    const handshakes = new Map<string, Socket>();
    server.on('connection', (socket: Socket) => {
      this.#admit(socket);
      // Only of a TLS server: the socket that requests come on wraps this one.
      if (!this.#isTls) return;
      const end = endOf(socket);
      handshakes.set(end, socket);
      socket.once('close', () => handshakes.delete(end));
    });
    server.on('secureConnection', (socket: TLSSocket) => {
      const wrapped = handshakes.get(endOf(socket));
      if (wrapped !== undefined) this.#crowd.leave(wrapped);
      this.#admit(socket);
    });
    server.on('upgrade', (_: IncomingMessage, socket: Duplex) => {
      this.#crowd.leave(socket);
      socket.off('close', this.#left);
    });
  }

  get size(): number {
    return this.#crowd.size;
  }

  /** Connections of an address, as `addressKey` has it, that wait for their client. */
  waitingOf(address: string): number {
    return this.#crowd.of(address).size;
  }

  /**
   * Ends those of an address that are idle, but for one: not who is in the middle of a handshake, or of a request whose
   * length is known.
   */
  sendAwayIdle(address: string, except: Duplex): void {
    for (const socket of [...this.#crowd.of(address)]) {
      if (socket === except || this.#speaking.has(socket) || this.#isShakingHands(socket)) continue;
      this.#crowd.leave(socket);
      this.#sendAway(socket);
    }
  }

  /** Ends the one of an address that has waited longest, of those that are not to be spared. */
  sendAwayOldest(address: string, isSpared: (socket: Duplex) => boolean): boolean {
    for (const socket of this.#crowd.of(address)) {
      if (isSpared(socket)) continue;
      this.#crowd.leave(socket);
      this.#sendAway(socket);
      return true;
    }
    return false;
  }

  /** To be told of every request when its turn has come. */
  serving(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    let isAnswered = false;
    if (hasBody(request)) {
      if (!isChunked(request)) this.#speaking.add(socket);
      request.once('end', () => {
        // A body that nobody wanted ends after the answer to it, while its client is waited for again.
        if (!isAnswered) this.#crowd.leave(socket);
      });
    } else this.#crowd.leave(socket);
    const waitForReader = (): void => {
      isAnswered = true;
      this.#speaking.delete(socket);
      if (!socket.destroyed) this.#enter(socket);
    };
    response.once('prefinish', waitForReader);
    // A long answer is ready too, once it is read from somewhere. Event streams are given to operators alone, and wait.
    response.once('pipe', () => {
      if (response.getHeader('content-type') !== 'text/event-stream') waitForReader();
    });
  }

  /** Sends away as many as are the next to go: for want of file descriptors. */
  makeRoom(count = sentAwayForRoom): void {
    for (let gone = 0; gone < count; gone += 1) {
      const next = this.#crowd.take();
      if (next === undefined) return;
      this.#sendAway(next);
    }
  }

  /** The socket under one of TLS. */
  #isShakingHands(socket: Duplex): boolean {
    return this.#isTls && socket instanceof Socket && !(socket instanceof TLSSocket) && socket.bytesRead > 0;
  }

  #admit(socket: Socket): void {
    socket.on('close', this.#left);
    this.#enter(socket);
  }

  #enter(socket: Socket): void {
    const gone = this.#crowd.enter(socket, addressKey(socket.remoteAddress ?? 'gone'));
    if (gone !== undefined) this.#sendAway(gone);
  }

  #sendAway(socket: Duplex): void {
    this.evicted += 1;
    socket.destroy();
  }
}

/** Tells the connections of one server apart. */
function endOf({ remoteAddress = '', remotePort = 0 }: Socket): string {
  return `${remoteAddress} ${String(remotePort)}`;
}

/** RFC 9112, section 6.3. */
export function hasBody({ headers }: IncomingMessage): boolean {
  const { 'content-length': length, 'transfer-encoding': encoding } = headers;
  return encoding !== undefined || Number(length ?? 0) > 0;
}

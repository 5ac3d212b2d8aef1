import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { TimeSource } from '@edgeflow/platform';
import type { Acceptors } from './acceptors.ts';

/** How often connections that have fallen idle are looked for while stopping. */
const idleCheckMs = 25;

/**
 * Ends one HTTP server in order.
 *
 * Invariants: after `stop` begins nothing new is accepted; a request in flight is answered if its answer is ready
 * before the deadline; when `stop` resolves, no socket of the server is open.
 */
export class ServerDrain {
  readonly #server: Server;
  readonly #acceptors: Acceptors;
  readonly #time: TimeSource;
  /** Every socket, those that were upgraded too: Node itself forgets them. */
  readonly #sockets = new Set<Socket>();
  #stopped: Promise<void> | undefined;

  constructor(server: Server, acceptors: Acceptors, time: TimeSource) {
    this.#server = server;
    this.#acceptors = acceptors;
    this.#time = time;
    const sockets = this.#sockets;
    function forget(this: Socket): void {
      sockets.delete(this);
    }
    server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.on('close', forget);
    });
  }

  get stopping(): boolean {
    return this.#stopped !== undefined;
  }

  /** Stopping twice waits for the first. */
  stop(deadlineMs: number): Promise<void> {
    this.#stopped ??= this.#stop(deadlineMs);
    return this.#stopped;
  }

  async #stop(deadlineMs: number): Promise<void> {
    const { timers } = this.#time;
    const closed = this.#acceptors.close();
    const idle = timers.every(idleCheckMs, () => {
      this.#server.closeIdleConnections();
    });
    const deadline = timers.after(deadlineMs, () => {
      for (const socket of this.#sockets) socket.destroy();
    });
    this.#server.closeIdleConnections();
    await closed;
    timers.clear(idle);
    timers.clear(deadline);
  }
}

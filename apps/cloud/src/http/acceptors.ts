import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type ServerOpts } from 'node:net';
import { fileErrorCode } from '@edgeflow/platform';

/** A whole fleet reconnects at once; the kernel's own limit (net.core.somaxconn) applies as well. */
const backlogConnections = 4096;

/**
 * Several listening sockets on one address that feed one server.
 *
 * libuv accepts one connection of a listening socket a turn of the event loop, and a turn lasts as long as everybody
 * who has sent something needs. So a busy process accepts fewer than come, though it could serve them, and a device
 * waits in the kernel's queue behind every silent socket that came before it. The kernel spreads newcomers over all
 * sockets of an address (SO_REUSEPORT), and each is accepted from once a turn.
 *
 * Where the system has no such sockets, there is the server's own alone.
 */
export class Acceptors {
  readonly #server: Server;
  readonly #others: readonly Server[];

  /**
   * @param options what `server` does with the sockets that it accepts; the others do the same
   * @param count how many sockets listen, the server's own among them
   */
  constructor(server: Server, options: ServerOpts, count: number) {
    this.#server = server;
    this.#others = Array.from({ length: count - 1 }, () => {
      const other = createServer(options, (socket) => server.emit('connection', socket));
      return other.on('error', (error) => {
        // One that cannot listen is whoever called `listen`'s to hear.
        if (other.listening) server.emit('error', error);
      });
    });
  }

  /**
   * @param port 0: any that is free
   * @returns the port
   * @throws the error of the system; then nothing listens
   */
  async listen(host: string, port: number): Promise<number> {
    if (this.#others.length === 0) return listen(this.#server, { host, port });
    // Sockets that share an address would share it with another program of this user too.
    if (port !== 0) await assertFree(host, port);
    try {
      const bound = await listen(this.#server, { host, port, reusePort: true });
      await Promise.all(this.#others.map((other) => listen(other, { host, port: bound, reusePort: true })));
      return bound;
    } catch (error) {
      await this.close();
      if (fileErrorCode(error) === 'ENOTSUP') return listen(this.#server, { host, port });
      throw error;
    }
  }

  /** Stops accepting; resolves when every socket that was accepted is closed. */
  async close(): Promise<void> {
    await Promise.all([this.#server, ...this.#others].map(close));
  }
}

interface SharedAddress {
  readonly host: string;
  readonly port: number;
  readonly reusePort?: boolean;
}

async function listen(server: Server, address: SharedAddress): Promise<number> {
  server.listen({ ...address, backlog: backlogConnections });
  // Rejects with the server's error.
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function assertFree(host: string, port: number): Promise<void> {
  const probe = createServer();
  await listen(probe, { host, port });
  await close(probe);
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    // The error says that the server was not listening, which is as good as closed.
    server.close(() => {
      resolve();
    });
  });
}

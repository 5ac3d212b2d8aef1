import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** Requests that one connection may pipeline behind the one that is being answered. */
const pipelinedMax = 16;

type Serve = (request: IncomingMessage, response: ServerResponse) => void;
type Exchange = readonly [request: IncomingMessage, response: ServerResponse];

/**
 * Serves the requests of one connection one after the other: HTTP answers them in this order anyway, and so a client
 * that pipelines and reads nothing costs one answer, not one each. Who pipelines more than a few is cut off.
 */
export class InTurn {
  /** Only connections with an answer under way have an entry: what waits behind it. */
  readonly #waiting = new WeakMap<Duplex, Exchange[]>();
  readonly #serve: Serve;
  readonly #tooMany: (socket: Duplex) => void;

  /** @param tooMany called for each request beyond those few: Node has parsed it all the same */
  constructor(serve: Serve, tooMany: (socket: Duplex) => void) {
    this.#serve = serve;
    this.#tooMany = tooMany;
  }

  isBusy(socket: Duplex): boolean {
    return this.#waiting.has(socket);
  }

  take(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    const waiting = this.#waiting.get(socket);
    if (waiting === undefined) {
      this.#waiting.set(socket, []);
      this.#run(request, response);
    } else if (waiting.length < pipelinedMax) waiting.push([request, response]);
    else {
      this.#tooMany(socket);
      socket.destroy();
    }
  }

  #run(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    response.once('close', () => {
      const next = socket.destroyed ? undefined : this.#waiting.get(socket)?.shift();
      if (next === undefined) this.#waiting.delete(socket);
      else this.#run(...next);
    });
    this.#serve(request, response);
  }
}

import type { Server, Socket } from 'node:net';
import type { TimeSource } from '@edgeflow/platform';
import { addressKey } from '../limits/address-key.ts';
import { type NetworkSet, normalAddress } from './addresses.ts';

/** An address stays in the slow lane so long after the last time that it was costly. */
const slowMs = 60_000;
/** Addresses that are slowed down at once; further ones are not. */
const addressesMax = 1_024;

interface Waiting {
  readonly socket: Socket;
  readonly enter: () => void;
}

interface Lane {
  /** Monotonic milliseconds. */
  untilMs: number;
  readonly waiting: Waiting[];
}

/**
 * Lets in the new connections of an address that has been costly one by one, one a turn of the event loop, so that
 * everybody else has a turn as well. What a client sends in one piece is parsed in one piece: 64 KiB of chunks of one
 * byte take 12 ms, and three hundred connections of them would be one turn of more than three seconds.
 *
 * Nobody is refused: whoever shares the address waits behind it. Sockets in the lane are not read yet; the waiting room
 * counts them and bounds them.
 */
export class SlowLane {
  readonly #time: TimeSource;
  readonly #proxies: NetworkSet;
  readonly #lanes = new Map<string, Lane>();
  #isMoving = false;

  /** @param proxies speak for many and are never slowed down */
  constructor(time: TimeSource, proxies: NetworkSet) {
    this.#time = time;
    this.#proxies = proxies;
  }

  /** Connections that wait in the lane. */
  get waiting(): number {
    let count = 0;
    for (const { waiting } of this.#lanes.values()) count += waiting.length;
    return count;
  }

  /** The address of this connection has just been costly. */
  slowDown({ remoteAddress }: Socket): void {
    if (remoteAddress === undefined || this.#proxies.contains(normalAddress(remoteAddress))) return;
    const key = addressKey(remoteAddress);
    const untilMs = this.#time.clock.monotonic() + slowMs;
    const known = this.#lanes.get(key);
    if (known !== undefined) known.untilMs = untilMs;
    else if (this.#hasRoom()) this.#lanes.set(key, { untilMs, waiting: [] });
  }

  /**
   * Puts the lane before what the server itself does with a new connection. To be called once, before anybody else
   * listens for connections: they hear of each at once.
   */
  guard(server: Server): void {
    const own = server.listeners('connection');
    server.removeAllListeners('connection');
    server.on('connection', (socket: Socket) => {
      const enter = (): void => {
        for (const listener of own) listener.call(server, socket);
      };
      const lane = this.#laneOf(socket);
      if (lane === undefined) {
        enter();
        return;
      }
      lane.waiting.push({ socket, enter });
      this.#move();
    });
  }

  #laneOf({ remoteAddress = '' }: Socket): Lane | undefined {
    if (this.#lanes.size === 0) return undefined;
    const key = addressKey(remoteAddress);
    const lane = this.#lanes.get(key);
    if (lane === undefined || !this.#isOver(lane)) return lane;
    this.#lanes.delete(key);
    return undefined;
  }

  #isOver({ untilMs, waiting }: Lane): boolean {
    return waiting.length === 0 && untilMs <= this.#time.clock.monotonic();
  }

  #hasRoom(): boolean {
    if (this.#lanes.size < addressesMax) return true;
    for (const [key, lane] of this.#lanes) if (this.#isOver(lane)) this.#lanes.delete(key);
    return this.#lanes.size < addressesMax;
  }

  /** One of each address a turn, until nobody waits. */
  #move(): void {
    if (this.#isMoving) return;
    this.#isMoving = true;
    this.#time.timers.soon(() => {
      this.#isMoving = false;
      let isAnybodyLeft = false;
      for (const { waiting } of this.#lanes.values()) {
        // Who has gone meanwhile takes no turn.
        let next = waiting.shift();
        while (next?.socket.destroyed === true) next = waiting.shift();
        next?.enter();
        isAnybodyLeft ||= waiting.length > 0;
      }
      if (isAnybodyLeft) this.#move();
    });
  }
}

import type { Server, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TimeSource } from '@edgeflow/platform';
import { addressKey } from '../limits/address-key.ts';
import { type NetworkSet, normalAddress } from './addresses.ts';
import { Crowd } from './crowd.ts';

/** An address stays in the slow lane so long after the last time that it was costly. */
const slowMs = 60_000;
/** Addresses that have a lane of their own; further ones share one. */
const lanesMax = 1_024;
const sharedLane = 'shared';
/** Connections let in in one turn of the event loop, of all lanes. */
const enterATurn = 4;
/** Connections of one costly address that may wait for their client at once, behind the lane. */
export const insideMax = 16;
/** Sockets in all lanes; Node reads the first 64 KiB of each. Beyond it {@link Crowd} says who goes. */
export const waitingMax = 1_024;
/** How often is looked whether an address has come below {@link insideMax}. */
const lookMs = 20;

function hangUp(this: Socket): void {
  this.destroy();
}

/** What is known of those who wait for their client, as `WaitingRoom` has it. */
export interface Rooms {
  /** Connections of the address that have been accepted and wait for their client, those in a lane too. */
  waitingOf(address: string): number;
  /** Ends those of the address that wait for their client, but for one. */
  sendAway(address: string, except: Duplex): void;
}

interface Waiting {
  readonly key: string;
  readonly enter: () => void;
}

/**
 * Lets in the new connections of an address that has been costly a few at a time, so that everybody else has a turn as
 * well. What a client sends in one piece is parsed in one piece: 64 KiB of chunks of one byte take 12 ms, and three
 * hundred connections of them would be one turn of more than three seconds.
 *
 * - An address that is found to be costly loses once the connections that it has waiting; they may come again.
 * - From then on at most {@link insideMax} of its connections wait for their client at once, the others in its lane; and
 *   of all lanes together a few enter a turn, each lane in its turn.
 * - Whoever shares the address waits with it. Tunnels and requests that are being answered are not touched.
 */
export class SlowLane {
  readonly #time: TimeSource;
  readonly #proxies: NetworkSet;
  readonly #rooms: Rooms;
  /** Until when an address is slowed down, in monotonic milliseconds. */
  readonly #slowed = new Map<string, number>();
  /** Lanes that somebody waits in, in their turn, each first come first served. */
  readonly #lanes = new Map<string, Set<Socket>>();
  readonly #waiting = new Map<Socket, Waiting>();
  readonly #crowd = new Crowd<Socket>(waitingMax);
  #isMoving = false;

  /** @param proxies speak for many and are never slowed down */
  constructor(time: TimeSource, proxies: NetworkSet, rooms: Rooms) {
    this.#time = time;
    this.#proxies = proxies;
    this.#rooms = rooms;
  }

  /** Connections that wait in a lane. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** The address of this connection has just been costly. */
  slowDown(socket: Socket): void {
    const { remoteAddress } = socket;
    if (remoteAddress === undefined || this.#isProxy(remoteAddress)) return;
    const address = addressKey(remoteAddress);
    const key = this.#slowed.has(address) || this.#hasRoom() ? address : sharedLane;
    const isNew = !this.#isSlow(key);
    this.#slowed.set(key, this.#time.clock.monotonic() + slowMs);
    if (isNew) this.#rooms.sendAway(address, socket);
  }

  /**
   * Puts the lanes before what the server itself does with a new connection. To be called once, before anybody else
   * listens for connections: they hear of each at once.
   */
  guard(server: Server): void {
    const own = server.listeners('connection');
    server.removeAllListeners('connection');
    server.on('connection', (socket: Socket) => {
      const enter = (): void => {
        for (const listener of own) listener.call(server, socket);
      };
      const { remoteAddress = '' } = socket;
      const key = this.#laneOf(remoteAddress);
      if (key === undefined) enter();
      else this.#enqueue(socket, { key, enter });
    });
  }

  #enqueue(socket: Socket, waiting: Waiting): void {
    // It is read from the beginning, and nobody else hears of its errors yet; Node closes it.
    socket.on('error', () => undefined);
    socket.once('close', () => {
      this.#take(socket);
    });
    // Only of one that has said nothing: HTTP would not hear of it any more, and wait for the request.
    socket.once('end', hangUp);
    this.#waiting.set(socket, waiting);
    const lane = this.#lanes.get(waiting.key);
    if (lane === undefined) this.#lanes.set(waiting.key, new Set([socket]));
    else lane.add(socket);
    this.#crowd.enter(socket, addressKey(socket.remoteAddress ?? ''))?.destroy();
    this.#move();
  }

  /** Out of its lane, for whatever reason. */
  #take(socket: Socket): Waiting | undefined {
    const waiting = this.#waiting.get(socket);
    if (waiting === undefined) return undefined;
    this.#waiting.delete(socket);
    this.#crowd.leave(socket);
    const lane = this.#lanes.get(waiting.key);
    lane?.delete(socket);
    if (lane?.size === 0) this.#lanes.delete(waiting.key);
    return waiting;
  }

  /** undefined: it is not slowed down. */
  #laneOf(address: string): string | undefined {
    if (this.#slowed.size === 0) return undefined;
    const key = addressKey(address);
    if (this.#isSlow(key)) return key;
    // Strangers too, while there are more costly addresses than are known apart.
    return this.#isSlow(sharedLane) && !this.#isProxy(address) ? sharedLane : undefined;
  }

  #isProxy(address: string): boolean {
    return this.#proxies.contains(normalAddress(address));
  }

  /** As long as somebody waits there, so that nobody overtakes them. */
  #isSlow(key: string): boolean {
    const untilMs = this.#slowed.get(key);
    if (untilMs === undefined) return false;
    if (untilMs > this.#time.clock.monotonic() || this.#lanes.has(key)) return true;
    this.#slowed.delete(key);
    return false;
  }

  #hasRoom(): boolean {
    if (this.#slowed.size >= lanesMax) for (const key of this.#slowed.keys()) this.#isSlow(key);
    return this.#slowed.size < lanesMax;
  }

  #move(): void {
    if (this.#isMoving || this.#lanes.size === 0) return;
    this.#isMoving = true;
    this.#time.timers.soon(() => {
      this.#turn();
    });
  }

  #turn(): void {
    let entered = 0;
    for (const [key, lane] of [...this.#lanes]) {
      if (entered >= enterATurn) break;
      if (!this.#mayEnter(key, lane)) continue;
      const [first] = lane;
      if (first === undefined) continue;
      // Its next turn comes after that of all others.
      this.#lanes.delete(key);
      if (lane.size > 1) this.#lanes.set(key, lane);
      first.off('end', hangUp);
      this.#take(first)?.enter();
      entered += 1;
    }
    this.#isMoving = false;
    if (entered > 0 || this.#lanes.size === 0) this.#move();
    else this.#look();
  }

  /** Everybody who waits has to wait until one of theirs has gone. */
  #look(): void {
    this.#isMoving = true;
    this.#time.timers.after(lookMs, () => {
      this.#turn();
    });
  }

  #mayEnter(key: string, lane: ReadonlySet<Socket>): boolean {
    return key === sharedLane || this.#rooms.waitingOf(key) - lane.size < insideMax;
  }
}

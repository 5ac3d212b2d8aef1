import type { Server, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TimeSource } from '@edgeflow/platform';
import { addressKey } from '../limits/address-key.ts';
import { type NetworkSet, normalAddress } from './addresses.ts';
import { Crowd } from './crowd.ts';

/** An address stays in the slow lane so long after the last time that it was costly. */
const slowMs = 60_000;
/** Addresses that are slowed down at once; further ones are not. */
const slowedMax = 8_192;
/** Connections let in in one turn of the event loop, of all lanes. */
const enterATurn = 4;
/** Connections of one costly address that may wait for their client at once, behind the lane. */
export const insideMax = 16;
/** Sockets in all lanes; Node reads the first 64 KiB of each. Beyond it {@link Crowd} says who goes. */
export const waitingMax = 1_024;
/** While that many wait, one enters this often, and the one of them that has waited longest goes: after a second. */
const turnoverMs = 1_000 / insideMax;
/** How often is looked whether somebody may enter. */
const lookMs = 20;

function hangUp(this: Socket): void {
  this.destroy();
}

/** What is known of those who wait for their client, as `WaitingRoom` has it. */
export interface Rooms {
  /** Connections of the address that have been accepted and wait for their client, those in a lane too. */
  waitingOf(address: string): number;
  /** Ends those of the address that wait for their client in vain so far, but for one. */
  sendAway(address: string, except: Duplex): void;
  /** Ends the one of the address that has waited longest, of those that are not to be spared. */
  sendAwayOldest(address: string, isSpared: (socket: Duplex) => boolean): void;
}

interface Lane {
  readonly sockets: Set<Socket>;
  /** When one last entered in the place of another, in monotonic milliseconds. */
  turnedOverMs: number;
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
 * - An address that is found to be costly loses once the connections that it has idle; they may come again.
 * - From then on at most {@link insideMax} of its connections wait for their client at once, the others in its lane; of
 *   all lanes together a few enter a turn, each lane in its turn.
 * - Nobody is shut out: whoever shares the address waits with it, {@link insideMax} a second enter at least, and each
 *   has a second to say what it wants. Tunnels and requests that are being answered are not touched.
 */
export class SlowLane {
  readonly #time: TimeSource;
  readonly #proxies: NetworkSet;
  readonly #rooms: Rooms;
  /** Until when an address is slowed down, in monotonic milliseconds. */
  readonly #slowed = new Map<string, number>();
  /** Lanes that somebody waits in, in their turn, each first come first served. */
  readonly #lanes = new Map<string, Lane>();
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
    const key = addressKey(remoteAddress);
    const isNew = !this.#isSlow(key);
    if (isNew && !this.#hasRoom()) return;
    this.#slowed.set(key, this.#time.clock.monotonic() + slowMs);
    if (isNew) this.#rooms.sendAway(key, socket);
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
      const key = this.#slowed.size === 0 ? '' : addressKey(socket.remoteAddress ?? '');
      if (this.#isSlow(key)) this.#enqueue(socket, { key, enter });
      else enter();
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
    if (lane === undefined) this.#lanes.set(waiting.key, { sockets: new Set([socket]), turnedOverMs: 0 });
    else lane.sockets.add(socket);
    this.#crowd.enter(socket, waiting.key)?.destroy();
    this.#move();
  }

  /** Out of its lane, for whatever reason. */
  #take(socket: Socket): Waiting | undefined {
    const waiting = this.#waiting.get(socket);
    if (waiting === undefined) return undefined;
    this.#waiting.delete(socket);
    this.#crowd.leave(socket);
    const lane = this.#lanes.get(waiting.key);
    lane?.sockets.delete(socket);
    if (lane?.sockets.size === 0) this.#lanes.delete(waiting.key);
    return waiting;
  }

  #isProxy(address: string): boolean {
    return this.#proxies.contains(normalAddress(address));
  }

  #isSlow(key: string): boolean {
    const untilMs = this.#slowed.get(key);
    if (untilMs === undefined) return false;
    if (untilMs > this.#time.clock.monotonic()) return true;
    this.#slowed.delete(key);
    return false;
  }

  #hasRoom(): boolean {
    if (this.#slowed.size >= slowedMax) for (const key of this.#slowed.keys()) this.#isSlow(key);
    return this.#slowed.size < slowedMax;
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
      const [first] = lane.sockets;
      if (first === undefined) continue;
      // Its next turn comes after that of all others.
      this.#lanes.delete(key);
      if (lane.sockets.size > 1) this.#lanes.set(key, lane);
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

  #mayEnter(key: string, lane: Lane): boolean {
    if (this.#rooms.waitingOf(key) - lane.sockets.size < insideMax) return true;
    const nowMs = this.#time.clock.monotonic();
    if (nowMs - lane.turnedOverMs < turnoverMs) return false;
    lane.turnedOverMs = nowMs;
    const behind: ReadonlySet<Duplex> = lane.sockets;
    this.#rooms.sendAwayOldest(key, (socket) => behind.has(socket));
    return true;
  }
}

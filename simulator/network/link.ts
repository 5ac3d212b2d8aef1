import type { Clock, Timers } from '@edgeflow/platform';
import { type Side, SimulatedSocket, type Wire } from './socket.ts';

export type Direction = 'up' | 'down';

/** What will happen to a connection, decided when it is made. */
export interface LinkPlan {
  /** One way, in milliseconds; each chunk draws its own, and none overtakes another. */
  readonly latencyMs: () => number;
  /** More than that for bytes to the cloud. */
  readonly upDelayMs: number;
  /** Breaks when so many bytes have passed in one direction: in the middle of whatever it was. */
  readonly cut:
    { readonly direction: Direction; readonly afterBytes: number; readonly isSilent: boolean } | undefined;
  /** Breaks so long after it was made. */
  readonly end: { readonly afterMs: number; readonly isSilent: boolean } | undefined;
  /** The cloud hears of the other end's close only so much later. */
  readonly closeDelayMs: number;
  /** Whether what was planned does not happen any more. */
  readonly isOff: () => boolean;
}

/** Who looks at what passes. */
export interface LinkWatch {
  /** The cloud has written this. */
  cloudWrote(link: Link, bytes: Buffer): void;
  /** The cloud's end is closed, by itself or because it heard so. */
  cloudClosed(link: Link): void;
  delivered(link: Link, direction: Direction, bytes: number): void;
}

/**
 * A TCP connection: bytes arrive in order, after a while, or not at all. What is on its way when one end closes still
 * arrives; what arrives at an end that is closed is answered with a reset.
 */
export class Link implements Wire {
  readonly number: number;
  readonly client: SimulatedSocket;
  readonly server: SimulatedSocket;
  /** Whatever the watcher wants to remember. */
  credential: { readonly deviceId: string; readonly apiKey: string } | undefined;
  /** Bytes of the client, kept where they are to be sent a second time. */
  recorded: Buffer[] | undefined;
  readonly #time: Clock & Timers;
  readonly #plan: LinkPlan;
  readonly #watch: LinkWatch;
  readonly #arrivalMs: Record<Direction, number> = { up: 0, down: 0 };
  readonly #passed: Record<Direction, number> = { up: 0, down: 0 };
  readonly #finished: Record<Side, boolean> = { client: false, server: false };
  #isBroken = false;
  #heldMs = 0;

  constructor(number: number, address: string, time: Clock & Timers, plan: LinkPlan, watch: LinkWatch) {
    this.number = number;
    this.#time = time;
    this.#plan = plan;
    this.#watch = watch;
    this.client = new SimulatedSocket('client', '203.0.113.1', this);
    this.server = new SimulatedSocket('server', address, this);
    const { end } = plan;
    if (end !== undefined) {
      time.after(end.afterMs, () => {
        this.#break(end.isSilent);
      });
    }
  }

  /** Whether bytes would still pass both ways. */
  get isWhole(): boolean {
    const { client, server } = this;
    return !this.#isBroken && !client.destroyed && !server.destroyed && !client.isFenced && !server.isFenced;
  }

  write(side: Side, bytes: Buffer): void {
    const direction = side === 'client' ? 'up' : 'down';
    if (side === 'server') this.#watch.cloudWrote(this, bytes);
    else this.recorded?.push(bytes);
    if (this.#isBroken) return;
    const { cut } = this.#plan;
    const isCutHere =
      cut?.direction === direction &&
      !this.#plan.isOff() &&
      this.#passed[direction] + bytes.length > cut.afterBytes;
    const arriving = isCutHere ? bytes.subarray(0, cut.afterBytes - this.#passed[direction]) : bytes;
    this.#passed[direction] += arriving.length;
    if (arriving.length > 0) {
      this.#arrive(direction, () => {
        this.#watch.delivered(this, direction, arriving.length);
        const receiver = direction === 'up' ? this.server : this.client;
        if (receiver.destroyed && !receiver.isFenced)
          this.#sendReset(direction === 'up' ? 'server' : 'client');
        else receiver.deliver(arriving);
      });
    }
    if (isCutHere) {
      this.#isBroken = true;
      if (!cut.isSilent) this.#resetBoth();
    }
  }

  /** Whatever the client writes from now on is under way for so much longer. */
  hold(ms: number): void {
    this.#heldMs = ms;
  }

  /** Breaks now, for both ends; silently neither hears of it. */
  cut(isSilent: boolean): void {
    if (this.#isBroken) return;
    this.#isBroken = true;
    if (!isSilent) this.#resetBoth();
  }

  finish(side: Side): void {
    this.#finished[side] = true;
    this.#tellOther(side, (other) => {
      other.deliverEnd();
    });
  }

  destroyed(side: Side): void {
    if (side === 'server') this.#watch.cloudClosed(this);
    if (!this.#finished[side]) this.#sendReset(side);
  }

  /** The process of one end has been killed; its kernel says so to the other, unless the power went with it. */
  died(side: Side, withPower: boolean): void {
    this[side].fence();
    if (side === 'server') this.#watch.cloudClosed(this);
    if (!withPower) this.#sendReset(side);
  }

  #sendReset(from: Side): void {
    this.#tellOther(from, (other) => {
      other.deliverReset();
    });
  }

  #tellOther(from: Side, tell: (other: SimulatedSocket) => void): void {
    if (this.#isBroken) return;
    const other = from === 'client' ? this.server : this.client;
    const lateMs = from === 'client' && !this.#plan.isOff() ? this.#plan.closeDelayMs : 0;
    const arrive = (): void => {
      tell(other);
    };
    if (lateMs > 0) this.#time.after(lateMs, arrive);
    else this.#arrive(from === 'client' ? 'up' : 'down', arrive);
  }

  #arrive(direction: Direction, work: () => void): void {
    const nowMs = this.#time.monotonic();
    const isLate = direction === 'up' && !this.#plan.isOff();
    const heldMs = direction === 'up' ? this.#heldMs : 0;
    const delayMs = this.#plan.latencyMs() + heldMs + (isLate ? this.#plan.upDelayMs : 0);
    const atMs = Math.max(nowMs + delayMs, this.#arrivalMs[direction]);
    this.#arrivalMs[direction] = atMs;
    this.#time.after(atMs - nowMs, work);
  }

  #break(isSilent: boolean): void {
    if (!this.#plan.isOff()) this.cut(isSilent);
  }

  #resetBoth(): void {
    this.#arrive('down', () => {
      this.client.deliverReset();
    });
    const reset = (): void => {
      this.server.deliverReset();
    };
    if (this.#plan.closeDelayMs > 0) this.#time.after(this.#plan.closeDelayMs, reset);
    else this.#arrive('up', reset);
  }
}

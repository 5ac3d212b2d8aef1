import type { Clock } from '../clock.ts';
import type { TimerHandle, Timers } from '../timers.ts';
import { type Due, DueQueue } from './due-queue.ts';

interface Pending extends Due {
  readonly periodMs: number | undefined;
  readonly callback: () => void;
}

/**
 * A clock and timers that move only when told to. The wall clock may be set apart from the monotonic one, as a
 * device without a battery or an NTP jump does.
 */
export class SimulatedTime implements Clock, Timers {
  #monotonicMs = 0;
  #wallOffsetMs: number;
  #sequence = 0;
  readonly #pending = new DueQueue<Pending>();

  constructor(startMs = Date.parse('2026-02-21T12:00:00Z')) {
    this.#wallOffsetMs = startMs;
  }

  now(): number {
    return this.#wallOffsetMs + this.#monotonicMs;
  }

  monotonic(): number {
    return this.#monotonicMs;
  }

  /** Moves the wall clock without letting time pass. */
  setWallClock(epochMs: number): void {
    this.#wallOffsetMs = epochMs - this.#monotonicMs;
  }

  after(delayMs: number, callback: () => void): TimerHandle {
    return this.#add(delayMs, undefined, callback);
  }

  every(periodMs: number, callback: () => void): TimerHandle {
    // As Node does; a period of nothing would fire for ever without letting time pass.
    const wholeMs = Math.max(1, periodMs);
    return this.#add(wholeMs, wholeMs, callback);
  }

  soon(callback: () => void): void {
    this.#add(0, undefined, callback);
  }

  clear(handle: TimerHandle): void {
    this.#pending.remove(handle as Pending);
  }

  get pendingCount(): number {
    return this.#pending.size;
  }

  /**
   * Lets `durationMs` pass: fires what falls due in order of time, and after each timer lets the promises it
   * started settle, so that work which they schedule within the span happens within it too.
   */
  async advance(durationMs: number): Promise<void> {
    if (!(durationMs >= 0)) throw new RangeError(`time passes forwards, not by ${durationMs} ms`);
    const untilMs = this.#monotonicMs + durationMs;
    await settle();
    while (this.#fireNext(untilMs)) await settle();
    this.#monotonicMs = untilMs;
  }

  /**
   * The next event alone: moves time to the earliest timer, fires it and lets what it started settle. For a
   * simulation that looks at everything between any two events.
   *
   * @returns false when no timer is pending; time then stands still.
   */
  async step(): Promise<boolean> {
    const hasFired = this.#fireNext(Infinity);
    if (hasFired) await settle();
    return hasFired;
  }

  #fireNext(untilMs: number): boolean {
    const next = this.#pending.first;
    if (next === undefined || next.atMs > untilMs) return false;
    this.#monotonicMs = Math.max(this.#monotonicMs, next.atMs);
    if (next.periodMs === undefined) this.#pending.remove(next);
    else this.#pending.move(next, next.atMs + next.periodMs);
    next.callback();
    return true;
  }

  #add(delayMs: number, periodMs: number | undefined, callback: () => void): Pending {
    this.#sequence += 1;
    const atMs = this.#monotonicMs + Math.max(0, delayMs);
    const pending: Pending = { atMs, sequence: this.#sequence, place: -1, periodMs, callback };
    this.#pending.add(pending);
    return pending;
  }
}

/** One turn of the real event loop: every promise that can settle without a timer or I/O has settled after it. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

import type { Clock } from '../clock.ts';
import type { TimerHandle, Timers } from '../timers.ts';

interface Pending {
  atMs: number;
  /** Order among timers due at the same instant. */
  readonly sequence: number;
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
  readonly #pending = new Set<Pending>();

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
    this.#pending.delete(handle as Pending);
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
    for (;;) {
      const next = this.#nextDue(untilMs);
      if (next === undefined) break;
      this.#monotonicMs = Math.max(this.#monotonicMs, next.atMs);
      if (next.periodMs === undefined) this.#pending.delete(next);
      else next.atMs += next.periodMs;
      next.callback();
      await settle();
    }
    this.#monotonicMs = untilMs;
  }

  #add(delayMs: number, periodMs: number | undefined, callback: () => void): Pending {
    this.#sequence += 1;
    const atMs = this.#monotonicMs + Math.max(0, delayMs);
    const pending: Pending = { atMs, sequence: this.#sequence, periodMs, callback };
    this.#pending.add(pending);
    return pending;
  }

  #nextDue(untilMs: number): Pending | undefined {
    let best: Pending | undefined;
    for (const pending of this.#pending) {
      if (pending.atMs > untilMs) continue;
      if (best === undefined || pending.atMs < best.atMs) best = pending;
      else if (pending.atMs === best.atMs && pending.sequence < best.sequence) best = pending;
    }
    return best;
  }
}

/** One turn of the real event loop: every promise that can settle without a timer or I/O has settled after it. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

import type { TimerHandle, Timers } from '@edgeflow/platform';

/** Offers made in one second, so that a fleet that returns from an outage does not rotate at once. */
export const offersPerSecond = 10;
const secondMs = 1_000;
/** More than any node has tunnels. Devices beyond it are offered their key when they are asked again. */
const waitingMax = 200_000;
/** An offer that failed is made again within this long, with all that have failed by then: the database may be back. */
export const againMs = 10_000;
/** Times that an offer is made until one does not fail: for two minutes. Then it waits until it is asked for again. */
export const attemptsMax = 12;

/**
 * Devices that wait for the offer of a key, first come first served.
 *
 * Invariants: at most {@link offersPerSecond} offers begin in a second; a device waits at most once; an offer that failed
 * is made at most {@link attemptsMax} times.
 */
export class OfferQueue {
  readonly #timers: Timers;
  readonly #offer: (deviceId: string) => Promise<unknown>;
  /** Attempts that have failed, by the device that waits for the next one. */
  readonly #waiting = new Map<string, number>();
  /** The same for those that wait until the next attempt, {@link againMs} at most. */
  readonly #failed = new Map<string, number>();
  #left = offersPerSecond;
  #refill: TimerHandle | undefined;
  #again: TimerHandle | undefined;
  #isStopped = false;

  /** @param offer rejects where it may be tried again */
  constructor(timers: Timers, offer: (deviceId: string) => Promise<unknown>) {
    this.#timers = timers;
    this.#offer = offer;
  }

  add(deviceId: string): void {
    if (this.#isStopped || this.#isFull()) return;
    // Asked for anew, it is as if nothing had failed.
    this.#failed.delete(deviceId);
    this.#waiting.set(deviceId, 0);
    this.#drain();
  }

  /** An offer to the device has failed, in this queue or outside it. */
  failed(deviceId: string, failures = 1): void {
    if (this.#isStopped || failures >= attemptsMax || this.#isFull() || this.#waiting.has(deviceId)) return;
    this.#failed.set(deviceId, failures);
    this.#again ??= this.#timers.after(againMs, () => {
      this.#again = undefined;
      for (const [id, times] of this.#failed) this.#waiting.set(id, times);
      this.#failed.clear();
      this.#drain();
    });
  }

  stop(): void {
    this.#isStopped = true;
    this.#waiting.clear();
    this.#failed.clear();
    for (const timer of [this.#refill, this.#again]) if (timer !== undefined) this.#timers.clear(timer);
  }

  #isFull(): boolean {
    return this.#waiting.size + this.#failed.size >= waitingMax;
  }

  #drain(): void {
    for (const [deviceId, failures] of this.#waiting) {
      if (this.#left === 0) break;
      this.#left -= 1;
      this.#waiting.delete(deviceId);
      this.#offer(deviceId).then(
        () => this.#failed.delete(deviceId),
        () => {
          this.failed(deviceId, failures + 1);
        },
      );
    }
    this.#refill ??= this.#timers.after(secondMs, () => {
      this.#refill = undefined;
      this.#left = offersPerSecond;
      if (this.#waiting.size > 0) this.#drain();
    });
  }
}

import type { TimerHandle, Timers } from '@edgeflow/platform';

/** Offers made in one second, so that a fleet that returns from an outage does not rotate at once. */
export const offersPerSecond = 10;
const secondMs = 1_000;
/** More than any node has tunnels. Devices beyond it are offered their key when they are asked again. */
const waitingMax = 200_000;

/**
 * Devices that wait for the offer of a key, first come first served.
 *
 * Invariants: at most {@link offersPerSecond} offers begin in a second; a device waits at most once.
 */
export class OfferQueue {
  readonly #timers: Timers;
  readonly #offer: (deviceId: string) => void;
  readonly #waiting = new Set<string>();
  #left = offersPerSecond;
  #refill: TimerHandle | undefined;
  #isStopped = false;

  constructor(timers: Timers, offer: (deviceId: string) => void) {
    this.#timers = timers;
    this.#offer = offer;
  }

  add(deviceId: string): void {
    if (this.#isStopped || this.#waiting.size >= waitingMax) return;
    this.#waiting.add(deviceId);
    this.#drain();
  }

  stop(): void {
    this.#isStopped = true;
    this.#waiting.clear();
    if (this.#refill !== undefined) this.#timers.clear(this.#refill);
  }

  #drain(): void {
    for (const deviceId of this.#waiting) {
      if (this.#left === 0) break;
      this.#left -= 1;
      this.#waiting.delete(deviceId);
      this.#offer(deviceId);
    }
    this.#refill ??= this.#timers.after(secondMs, () => {
      this.#refill = undefined;
      this.#left = offersPerSecond;
      if (this.#waiting.size > 0) this.#drain();
    });
  }
}

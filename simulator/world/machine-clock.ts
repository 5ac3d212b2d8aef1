import type { Clock } from '@edgeflow/platform';

/** A machine's own idea of the time. It may be wrong by decades and may jump; durations are always right. */
export class MachineClock implements Clock {
  readonly #true: Clock;
  #offsetMs = 0;

  constructor(trueTime: Clock) {
    this.#true = trueTime;
  }

  now(): number {
    return this.#true.now() + this.#offsetMs;
  }

  monotonic(): number {
    return this.#true.monotonic();
  }

  set(epochMs: number): void {
    this.#offsetMs = epochMs - this.#true.now();
  }

  setRight(): void {
    this.#offsetMs = 0;
  }
}

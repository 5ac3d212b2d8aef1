import type { Clock } from '@edgeflow/platform';

/** Between two lines about the same thing, in milliseconds. */
const lineEveryMs = 60_000;

/**
 * Keeps somebody else from filling the log: the first occurrence is worth a line at once, then one a minute is. A line is
 * due only when it happens again: what was counted after the last line is told with the next one, or never.
 */
export class SparseLines {
  readonly #clock: Pick<Clock, 'monotonic'>;
  #toldAtMs: number | undefined;
  #untold = 0;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** It has happened. @returns how often since the last line, if a line is due now. */
  count(): number | undefined {
    const nowMs = this.#clock.monotonic();
    this.#untold += 1;
    if (this.#toldAtMs !== undefined && nowMs - this.#toldAtMs < lineEveryMs) return undefined;
    const times = this.#untold;
    this.#untold = 0;
    this.#toldAtMs = nowMs;
    return times;
  }
}

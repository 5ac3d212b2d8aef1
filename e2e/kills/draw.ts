import { uniformInt } from '@edgeflow/platform';
import { SeededRandom } from '@edgeflow/platform/simulated';

/** Numbers of a run by its seed; each onboarding has its own, so that the order of the lanes changes nothing. */
export class Draw {
  readonly #random: SeededRandom;

  /** @param part tells apart what the same seed is used for */
  constructor(seed: number, part: number) {
    this.#random = new SeededRandom(seed * 1_000_003 + part);
  }

  /** Evenly from `from` to `to`, in whole milliseconds. */
  ms(from: number, to: number): number {
    return Math.round(from) + uniformInt(this.#random, Math.max(1, Math.round(to - from)));
  }

  /** From `from` to `to`, denser at the beginning, where more happens. */
  earlyMs(from: number, to: number): number {
    const share = uniformInt(this.#random, 1_000) / 1_000;
    return Math.round(from + (to - from) * share ** 2);
  }

  /** True with this probability, in per cent. */
  percent(probability: number): boolean {
    return uniformInt(this.#random, 100) < probability;
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

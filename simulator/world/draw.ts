import { SeededRandom } from '@edgeflow/platform/simulated';
import { uniformInt } from '@edgeflow/platform';

/** Draws from one seed. Each part of a world has a source of its own, so that a draw here moves nothing there. */
export class Draw {
  readonly random: SeededRandom;

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
  }

  /** Another source, which depends on this one's state. */
  fork(): Draw {
    return new Draw(this.whole(2 ** 32 - 1));
  }

  chance(probability: number): boolean {
    if (probability <= 0) return false;
    return this.unit() < probability;
  }

  /** In [0, 1). */
  unit(): number {
    const [a = 0, b = 0, c = 0, d = 0] = this.random.bytes(4);
    return (a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d) / 2 ** 32;
  }

  /** In [0, bound), whole. */
  whole(bound: number): number {
    return uniformInt(this.random, bound);
  }

  /** In [least, most). */
  between(least: number, most: number): number {
    return least + this.unit() * (most - least);
  }

  pick<T>(items: readonly [T, ...T[]]): T {
    return items[this.whole(items.length)] ?? items[0];
  }

  /** Mostly near `typical`, sometimes far beyond: a delay of a network or a disk. */
  delayMs(typicalMs: number): number {
    return Math.round(-Math.log(1 - this.unit()) * typicalMs);
  }
}

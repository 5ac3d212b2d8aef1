import type { Clock } from '@edgeflow/platform';

export interface WindowCountsOptions {
  readonly clock: Clock;
  readonly windowSeconds: number;
  /** Parts of the window that are counted singly: what is counted stays for up to one part longer. */
  readonly slices: number;
  /** Keys counted at once; while there are as many, others go uncounted. */
  readonly keysMax: number;
}

/** A slice is one number: its index since the clock began times this, plus its count. */
const countMax = 2 ** 32;

/** How often each key was counted within a rolling window. Never less than the truth, for keys that are counted. */
export class WindowCounts {
  readonly #options: WindowCountsOptions;
  readonly #sliceMs: number;
  /** In the order of their latest count. */
  readonly #keys = new Map<string, number[]>();

  constructor(options: WindowCountsOptions) {
    this.#options = options;
    this.#sliceMs = (options.windowSeconds * 1000) / options.slices;
  }

  get size(): number {
    return this.#keys.size;
  }

  /** @param agoMs how long ago it happened */
  add(key: string, agoMs = 0): void {
    const slices = this.#living(key) ?? [];
    if (slices.length === 0 && !this.#hasRoom()) return;
    const last = slices.at(-1);
    const index = this.#indexOf(agoMs);
    if (last !== undefined && indexOf(last) >= index) slices[slices.length - 1] = last + 1;
    else slices.push(index * countMax + 1);
    this.#keys.delete(key);
    this.#keys.set(key, slices);
  }

  count(key: string): number {
    return (this.#living(key) ?? []).reduce((sum, slice) => sum + countOf(slice), 0);
  }

  /** Seconds until the count of a key is below `max`, 0 when it is. */
  waitSeconds(key: string, max: number): number {
    let count = this.count(key);
    if (count < max) return 0;
    for (const slice of this.#keys.get(key) ?? []) {
      count -= countOf(slice);
      if (count >= max) continue;
      const endsAtMs = (indexOf(slice) + this.#options.slices + 1) * this.#sliceMs;
      return Math.ceil((endsAtMs - this.#options.clock.monotonic()) / 1000);
    }
    return 0;
  }

  #indexOf(agoMs: number): number {
    return Math.floor((this.#options.clock.monotonic() - agoMs) / this.#sliceMs);
  }

  /** The slices of a key that still count; undefined when none does. */
  #living(key: string): number[] | undefined {
    const slices = this.#keys.get(key);
    if (slices === undefined) return undefined;
    const oldest = this.#indexOf(0) - this.#options.slices;
    while (slices[0] !== undefined && indexOf(slices[0]) < oldest) slices.shift();
    if (slices.length > 0) return slices;
    this.#keys.delete(key);
    return undefined;
  }

  #hasRoom(): boolean {
    if (this.#keys.size < this.#options.keysMax) return true;
    for (const key of this.#keys.keys()) {
      if (this.#living(key) !== undefined) break;
    }
    return this.#keys.size < this.#options.keysMax;
  }
}

function indexOf(slice: number): number {
  return Math.floor(slice / countMax);
}

function countOf(slice: number): number {
  return slice - indexOf(slice) * countMax;
}

import type { Random } from '../random.ts';

/**
 * A deterministic source for simulations and tests; never for secrets that leave the machine.
 * Algorithm: sfc32 (C. Doty-Humphrey, PractRand), four 32-bit words of state.
 */
export class SeededRandom implements Random {
  readonly #state: Uint32Array;

  constructor(seed: number) {
    this.#state = Uint32Array.of(0x9e3779b9, 0x243f6a88, seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0);
    for (let i = 0; i < 15; i += 1) this.#next();
  }

  readonly bytes = (length: number): Uint8Array => {
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i += 4) {
      let word = this.#next();
      for (let j = i; j < Math.min(i + 4, length); j += 1) {
        bytes[j] = word & 0xff;
        word >>>= 8;
      }
    }
    return bytes;
  };

  #next(): number {
    const [a = 0, b = 0, c = 0, d = 0] = this.#state;
    const sum = (a + b + d) >>> 0;
    this.#state[3] = d + 1;
    this.#state[0] = b ^ (b >>> 9);
    this.#state[1] = c + (c << 3);
    this.#state[2] = ((c << 21) | (c >>> 11)) + sum;
    return sum;
  }
}

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SeededRandom } from './random.ts';

describe('a seeded random source', () => {
  it('gives the same bytes for the same seed and the same requests', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.array(fc.nat({ max: 40 })), (seed, lengths) => {
        const [one, other] = [new SeededRandom(seed), new SeededRandom(seed)];
        for (const length of lengths) {
          const bytes = one.bytes(length);
          expect(bytes).toHaveLength(length);
          expect(bytes).toEqual(other.bytes(length));
        }
      }),
    );
  });

  it('is pinned: a seed that once failed replays for ever', () => {
    expect(Buffer.from(new SeededRandom(42).bytes(16)).toString('hex')).toBe(
      'fe8463ddbd2a3e06fea93a016fa65f5f',
    );
  });

  it('gives other bytes for another seed, neighbours and seeds beyond 32 bits included', () => {
    const seeds = [0, 1, 2, 3, 2 ** 31, 2 ** 32, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER];
    const outputs = seeds.map((seed) => Buffer.from(new SeededRandom(seed).bytes(16)).toString('hex'));
    expect(new Set(outputs).size).toBe(seeds.length);
  });

  it('is roughly uniform: every byte value, and every bit on its own', () => {
    const count = 256 * 400;
    const bytes = new SeededRandom(7).bytes(count);
    const seen = new Array<number>(256).fill(0);
    for (const byte of bytes) seen[byte] = (seen[byte] ?? 0) + 1;
    // Chi-squared with 255 degrees of freedom: mean 255, standard deviation 22.6; six of those on either side.
    const chiSquared = seen.reduce((sum, observed) => sum + (observed - 400) ** 2 / 400, 0);
    expect(chiSquared).toBeGreaterThan(255 - 6 * 22.6);
    expect(chiSquared).toBeLessThan(255 + 6 * 22.6);
    for (let bit = 0; bit < 8; bit += 1) {
      const ones = bytes.reduce((sum, byte) => sum + ((byte >> bit) & 1), 0);
      expect(Math.abs(ones - count / 2)).toBeLessThan(6 * Math.sqrt(count / 4));
    }
  });
});

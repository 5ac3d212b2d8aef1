import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fullJitterMs } from './backoff.ts';
import { SeededRandom } from './simulated/random.ts';

const limits = { firstMs: 1_000, mostMs: 60_000 };

/** The largest number below 1 that a source can give. */
const highest = { bytes: (length: number) => new Uint8Array(length).fill(0xff) };
const lowest = { bytes: (length: number) => new Uint8Array(length) };

describe('full jitter', () => {
  it('doubles its ceiling from the first delay to the most, and no further', () => {
    const ceilings = Array.from({ length: 9 }, (_, attempt) => fullJitterMs(limits, attempt, highest) + 1);
    expect(ceilings).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  });

  it('begins at no delay at all, whatever the attempt: that is what spreads a fleet', () => {
    for (const attempt of [0, 1, 10, 1_000]) expect(fullJitterMs(limits, attempt, lowest)).toBe(0);
  });

  it('is a whole number of milliseconds within its bounds, for every attempt', () => {
    const attempt = fc.oneof(fc.nat({ max: 60 }), fc.constant(Number.MAX_SAFE_INTEGER));
    fc.assert(
      fc.property(fc.nat(), attempt, fc.integer({ min: 1, max: 10_000 }), (seed, count, firstMs) => {
        const most = { firstMs, mostMs: 60_000 };
        const delayMs = fullJitterMs(most, count, new SeededRandom(seed));
        expect(Number.isInteger(delayMs)).toBe(true);
        expect(delayMs).toBeGreaterThanOrEqual(0);
        expect(delayMs).toBeLessThan(Math.min(60_000, firstMs * 2 ** Math.min(count, 52)));
      }),
    );
  });

  it('uses the whole range evenly', () => {
    const random = new SeededRandom(1);
    const quarters = [0, 0, 0, 0];
    for (let i = 0; i < 4_000; i += 1) {
      const quarter = Math.floor(fullJitterMs(limits, 6, random) / 15_000);
      quarters[quarter] = (quarters[quarter] ?? 0) + 1;
    }
    for (const count of quarters) expect(Math.abs(count - 1_000)).toBeLessThan(130);
  });
});

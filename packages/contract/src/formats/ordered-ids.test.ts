import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isId } from './ids.ts';
import { orderedIds } from './ordered-ids.ts';

const start = Date.UTC(2026, 10, 24);
/** A fixed stream of bytes that looks random enough. */
function bytesFrom(seed: number): (length: number) => Uint8Array {
  let state = seed;
  return (length) =>
    Uint8Array.from({ length }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state >>> 24;
    });
}

describe('ordered ids', () => {
  it('sort as texts in the order in which they were made, also within one millisecond', () => {
    fc.assert(
      fc.property(fc.nat(), fc.array(fc.nat({ max: 3 }), { maxLength: 300 }), (seed, steps) => {
        let nowMs = start;
        const next = orderedIds(() => nowMs, bytesFrom(seed));
        const made = steps.map((step) => {
          nowMs += step;
          return next('credential');
        });
        // A tail that began within 256 steps of its end would begin anew; chance does that once in four billion times.
        expect(made).toEqual([...made].sort());
        expect(new Set(made).size).toBe(made.length);
      }),
    );
  });

  it('have the shape of every other id, at any time a clock may show', () => {
    const clock = fc.double({ min: -1e13, max: 1e16, noNaN: true });
    fc.assert(
      fc.property(clock, fc.nat(), (nowMs, seed) => {
        expect(isId('code', orderedIds(() => nowMs, bytesFrom(seed))('code'))).toBe(true);
      }),
    );
  });

  it('stay distinct when the clock stands still or goes back, and when a tail has run out', () => {
    const times = [start, start, start - 5_000, start, start, start];
    const ones = (length: number): Uint8Array => new Uint8Array(length).fill(0xff);
    const random = bytesFrom(7);
    let calls = 0;
    // The first tail is the last there is: the next of that millisecond has to begin anew.
    const next = orderedIds(
      () => times[calls++] ?? start,
      (length) => (length > 1 && calls === 1 ? ones(length) : random(length)),
    );
    const made = times.map(() => next('code'));
    expect(new Set(made).size).toBe(times.length);
  });

  it('of two makers do not meet, though their clocks agree', () => {
    const [one, other] = [bytesFrom(1), bytesFrom(2)].map((random) => orderedIds(() => start, random));
    const made = Array.from({ length: 10_000 }, () => [one?.('code'), other?.('code')]).flat();
    expect(new Set(made).size).toBe(made.length);
  });
});

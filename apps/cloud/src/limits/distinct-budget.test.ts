import { systemRandom } from '@edgeflow/platform';
import { SimulatedTime } from '@edgeflow/platform/simulated';
import { beforeEach, describe, expect, it } from 'vitest';
import { DistinctBudget, isShared, tagOf } from './distinct-budget.ts';

const hourMs = 3600 * 1000;

let time: SimulatedTime;
beforeEach(() => {
  time = new SimulatedTime();
});

function make(keysMax: number, sharedMax: number, perKeyMax = 3): DistinctBudget {
  const random = systemRandom;
  return new DistinctBudget({ clock: time, random, windowSeconds: 3600, perKeyMax, keysMax, sharedMax });
}

describe('a budget of distinct things', () => {
  it('allows so many in any window, not only in those that begin on the hour', async () => {
    const budget = make(10, 10);
    let tried = 0;
    const times: number[] = [];
    for (let minute = 0; minute < 600; minute += 7) {
      if (budget.remaining('a') > 0) {
        tried += 1;
        budget.spend('a', tried);
        times.push(time.monotonic());
      }
      await time.advance(7 * 60_000);
    }
    for (const start of times) {
      expect(times.filter((at) => at >= start && at < start + hourMs).length).toBeLessThanOrEqual(3);
    }
    expect(tried).toBe(30);
  });

  it('tells how long until one more is allowed', async () => {
    const budget = make(10, 10);
    budget.spend('a', 1);
    await time.advance(10_500);
    budget.spend('a', 2);
    budget.spend('a', 3);
    expect(budget.waitSeconds('a')).toBe(3590);
    await time.advance(3589_500);
    expect(budget.waitSeconds('a')).toBe(0);
    expect(budget.remaining('a')).toBe(1);
    expect(budget.knows('a', 1)).toBe(false);
    expect(budget.knows('a', 2)).toBe(true);
  });

  it('lets what was spent beyond it, on another node, be paid back', async () => {
    const budget = make(10, 10);
    for (let tag = 0; tag < 6; tag += 1) budget.spend('a', tag);
    expect(budget.waitSeconds('a')).toBe(7200);
    await time.advance(hourMs);
    expect([budget.remaining('a'), budget.waitSeconds('a')]).toEqual([0, 3600]);
    await time.advance(hourMs);
    expect(budget.remaining('a')).toBe(3);
  });

  it('remembers what was tried some time ago for the rest of its time', async () => {
    const budget = make(10, 10);
    expect(budget.spend('a', 1, hourMs)).toBe(false);
    expect(budget.spend('a', 1, hourMs - 1000)).toBe(true);
    expect(budget.knows('a', 1)).toBe(true);
    await time.advance(1000);
    expect(budget.knows('a', 1)).toBe(false);
  });

  it('gives nobody a new budget when the table is full: those who come later share', () => {
    const budget = make(100, 4);
    const spend = (key: string): boolean => budget.spend(budget.slotOf(key), 1);
    for (let index = 0; index < 100; index += 1) spend(`early-${String(index)}`);
    expect(isShared(budget.slotOf('late'))).toBe(true);
    let spent = 0;
    for (let index = 0; index < 10_000; index += 1) {
      const slot = budget.slotOf(`late-${String(index)}`);
      if (budget.remaining(slot) > 0 && budget.spend(slot, index)) spent += 1;
    }
    expect(spent).toBe(4 * 3);
    expect(budget.size).toBe(104);
    for (let index = 0; index < 100; index += 1) expect(budget.knows(`early-${String(index)}`, 1)).toBe(true);
  });

  it('has room again for those who come once others have ended', async () => {
    const budget = make(2, 4);
    budget.spend(budget.slotOf('a'), 1);
    await time.advance(hourMs / 2);
    budget.spend(budget.slotOf('b'), 1);
    expect(isShared(budget.slotOf('c'))).toBe(true);
    await time.advance(hourMs / 2);
    expect(budget.slotOf('c')).toBe('c');
    budget.spend('c', 1);
    expect(isShared(budget.slotOf('d'))).toBe(true);
    expect(budget.slotOf('b')).toBe('b');
  });

  it('keeps its size with a million keys', { timeout: 120_000 }, () => {
    const budget = make(1_000, 100);
    for (let index = 0; index < 1_000_000; index += 1)
      budget.spend(budget.slotOf(`10.${String(index)}`), index);
    expect(budget.size).toBe(1_100);
  });

  it('cannot be aimed at: which entry a key shares is drawn anew in each process', () => {
    const slots = new Set<string>();
    for (let run = 0; run < 50; run += 1) {
      const budget = make(0, 1_000_000);
      slots.add(budget.slotOf('203.0.113.7'));
    }
    expect(slots.size).toBeGreaterThan(40);
  });
});

it('a tag is 48 bits of a hash', () => {
  expect(tagOf('ffffffffffff0123')).toBe(2 ** 48 - 1);
  expect(tagOf('000000000001ffff')).toBe(1);
});

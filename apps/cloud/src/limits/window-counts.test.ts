import { SimulatedTime } from '@edgeflow/platform/simulated';
import { beforeEach, describe, expect, it } from 'vitest';
import { WindowCounts } from './window-counts.ts';

const hourMs = 3600 * 1000;

let time: SimulatedTime;
let counts: WindowCounts;
beforeEach(() => {
  time = new SimulatedTime();
  counts = new WindowCounts({ clock: time, windowSeconds: 24 * 3600, slices: 24, keysMax: 1_000 });
});

describe('counts of a rolling window', () => {
  it('are never less than what happened within it, and forget within a slice more', async () => {
    await time.advance(hourMs / 2);
    for (let index = 0; index < 10; index += 1) counts.add('a');
    await time.advance(24 * hourMs);
    expect(counts.count('a')).toBe(10);
    await time.advance(hourMs / 2);
    expect(counts.count('a')).toBe(0);
    expect(counts.size).toBe(0);
  });

  it('tell how long until they are below a limit', async () => {
    counts.add('a');
    await time.advance(3 * hourMs);
    counts.add('a');
    expect(counts.waitSeconds('a', 3)).toBe(0);
    expect(counts.waitSeconds('a', 2)).toBe(22 * 3600);
    expect(counts.waitSeconds('a', 1)).toBe(25 * 3600);
    await time.advance(22 * hourMs);
    expect(counts.waitSeconds('a', 2)).toBe(0);
  });

  it('take in what happened before they began', async () => {
    counts.add('a', 23 * hourMs);
    expect(counts.count('a')).toBe(1);
    await time.advance(2 * hourMs);
    expect(counts.count('a')).toBe(0);
    counts.add('a', 30 * hourMs);
    expect(counts.count('a')).toBe(0);
  });

  it('keep their size with a million keys, and none of those counted is forgotten', async () => {
    for (let index = 0; index < 1_000_000; index += 1) counts.add(String(index));
    expect(counts.size).toBe(1_000);
    expect([counts.count('0'), counts.count('999'), counts.count('1000')]).toEqual([1, 1, 0]);
    await time.advance(25 * hourMs);
    counts.add('new');
    expect([counts.size, counts.count('new')]).toEqual([1, 1]);
  });
});

import { SeededRandom } from '@edgeflow/platform/simulated';
import { describe, expect, it } from 'vitest';
import { dayMs, hashApiKey, keyLife, rotateAfter } from './key-life.ts';

const nowMs = Date.parse('2026-02-21T12:00:00.789Z');

describe('the life of a key', () => {
  it('ends on a whole second, so that its RFC 3339 text is exact', () => {
    const { expiresAtMs } = keyLife(nowMs, 365, new SeededRandom(1));
    expect(new Date(expiresAtMs).toISOString()).toBe('2027-02-21T12:00:00.000Z');
  });

  it('turns to rotation from 30 days ahead of its end, and at the latest 5 days ahead', () => {
    const random = new SeededRandom(2);
    for (let key = 0; key < 2_000; key += 1) {
      const { expiresAtMs, rotateAfterMs } = keyLife(nowMs, 365, random);
      const aheadDays = (expiresAtMs - rotateAfterMs) / dayMs;
      expect(aheadDays).toBeLessThanOrEqual(30);
      expect(aheadDays).toBeGreaterThan(5);
    }
  });

  it('spreads the rotations of a fleet that was made on one day evenly over 25 days', () => {
    const random = new SeededRandom(3);
    const fleet = 25_000;
    const perDay = Array.from({ length: 25 }, () => 0);
    for (let key = 0; key < fleet; key += 1) {
      const sinceDays = Math.floor((rotateAfter(-365 * dayMs, 0, random) + 30 * dayMs) / dayMs);
      perDay[sinceDays] = (perDay[sinceDays] ?? 0) + 1;
    }
    expect(perDay).toHaveLength(25);
    // 1,000 a day are expected; the standard deviation is 31.
    for (const count of perDay) expect(Math.abs(count - 1_000)).toBeLessThan(160);
  });
});

it('never has a fleet of ten thousand that was made in one minute rotate in one minute', () => {
  const random = new SeededRandom(7);
  const perMinute = new Map<number, number>();
  for (let key = 0; key < 10_000; key += 1) {
    const minute = Math.floor(keyLife(0, 365, random).rotateAfterMs / 60_000);
    perMinute.set(minute, (perMinute.get(minute) ?? 0) + 1);
  }
  const perHour = Map.groupBy(perMinute, ([minute]) => Math.floor(minute / 60));
  const hours = [...perHour.values()].map((minutes) => minutes.reduce((sum, [, count]) => sum + count, 0));
  // Spread over 25 days that is 0.28 a minute and 17 an hour on average.
  expect(Math.max(...perMinute.values())).toBeLessThan(10);
  expect(Math.max(...hours)).toBeLessThan(50);
  expect(hours.length).toBe(25 * 24);
});

it('offers the successor of a short-lived key in the second half of its life, never at once', () => {
  const random = new SeededRandom(5);
  for (const days of [1, 2, 6, 30, 45]) {
    for (let draw = 0; draw < 200; draw += 1) {
      const { expiresAtMs, rotateAfterMs } = keyLife(0, days, random);
      expect(rotateAfterMs).toBeGreaterThanOrEqual(expiresAtMs / 2);
      expect(rotateAfterMs).toBeLessThan(expiresAtMs);
    }
  }
});

it('of a key only its SHA-256 is kept', () => {
  // Computed with sha256sum.
  expect(hashApiKey('efk_test')).toBe('10da2db9260b2053deda5a14d84f98b694c10ede4ee6188952db5a68d4eb07f8');
});

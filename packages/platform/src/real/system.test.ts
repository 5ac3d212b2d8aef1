import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LongTimeout, timeoutMsMax } from './long-timeout.ts';
import { systemClock, systemTimers } from './system.ts';

const dayMs = 24 * 3600 * 1000;

describe('a long timeout', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each([0, 1, timeoutMsMax - 1, timeoutMsMax, timeoutMsMax + 1, 30 * dayMs, 400 * dayMs])(
    'of %i ms fires once, then and not before',
    (delayMs) => {
      let fired = 0;
      new LongTimeout(delayMs, () => {
        fired += 1;
      });
      if (delayMs > 0) vi.advanceTimersByTime(delayMs - 1);
      expect(fired).toBe(0);
      vi.advanceTimersByTime(1);
      expect(fired).toBe(1);
      vi.advanceTimersByTime(dayMs * 60);
      expect(fired).toBe(1);
    },
  );

  it('can be cleared at any time, in its later parts too', () => {
    let fired = 0;
    const timer = new LongTimeout(60 * dayMs, () => {
      fired += 1;
    });
    vi.advanceTimersByTime(59 * dayMs);
    timer.clear();
    vi.advanceTimersByTime(60 * dayMs);
    timer.clear();
    expect([fired, vi.getTimerCount()]).toEqual([0, 0]);
  });
});

describe("the machine's timers", () => {
  it('fire once, or until they are cleared', async () => {
    await new Promise<void>((resolve) => {
      // An unreferenced timer does not hold the test's process; this one does.
      const hold = setInterval(() => undefined, 1_000);
      let ticks = 0;
      const ticking = systemTimers.every(1, () => {
        ticks += 1;
        if (ticks < 3) return;
        systemTimers.clear(ticking);
        systemTimers.after(20, () => {
          clearInterval(hold);
          expect(ticks).toBe(3);
          resolve();
        });
      });
    });
  });

  it('that were cleared never fire', async () => {
    let fired = false;
    const handle = systemTimers.after(0, () => {
      fired = true;
    });
    systemTimers.clear(handle);
    await setTimeout(10);
    expect(fired).toBe(false);
    systemTimers.clear(handle);
  });

  it('refuse a period longer than the machine counts, rather than firing for ever', () => {
    expect(() => systemTimers.every(30 * dayMs, () => undefined)).toThrow(/at most 2147483647 ms/);
  });

  it('run what is due soon after the current turn', async () => {
    const order: string[] = [];
    await new Promise<void>((resolve) => {
      systemTimers.soon(() => {
        order.push('soon');
        resolve();
      });
      order.push('now');
    });
    expect(order).toEqual(['now', 'soon']);
  });
});

describe("the machine's clock", () => {
  it('tells the time, and durations that never run backwards', () => {
    expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(1_000);
    const first = systemClock.monotonic();
    expect(systemClock.monotonic()).toBeGreaterThanOrEqual(first);
  });
});

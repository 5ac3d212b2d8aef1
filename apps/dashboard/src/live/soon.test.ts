import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Soon } from './soon.ts';

describe('what is done soon', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is done once for all who ask in a moment, and once more after the last', () => {
    const call = vi.fn();
    const soon = new Soon(call);
    for (let asked = 0; asked < 1_000; asked += 1) soon.ask();
    vi.advanceTimersByTime(149);
    expect(call).toHaveBeenCalledTimes(0);
    vi.advanceTimersByTime(1);
    expect(call).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(60_000);
    expect(call).toHaveBeenCalledTimes(2);
  });

  it('is done about once a second while they keep asking, and not put off for ever', () => {
    const call = vi.fn();
    const soon = new Soon(call);
    for (let passedMs = 0; passedMs < 10_000; passedMs += 20) {
      soon.ask();
      vi.advanceTimersByTime(20);
    }
    expect(call.mock.calls.length).toBeGreaterThanOrEqual(9);
    expect(call.mock.calls.length).toBeLessThanOrEqual(11);
  });

  it('is not done once it was stopped', () => {
    const call = vi.fn();
    const soon = new Soon(call);
    soon.ask();
    soon.stop();
    vi.advanceTimersByTime(60_000);
    expect(call).not.toHaveBeenCalled();
  });
});

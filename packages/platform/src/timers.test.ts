import { describe, expect, it } from 'vitest';
import { SimulatedTime } from './simulated/time.ts';
import { sleep } from './timers.ts';

describe('sleep', () => {
  it('resolves when its time has passed, and leaves no timer', async () => {
    const time = new SimulatedTime();
    let awake = false;
    const sleeping = sleep(time, 1_000).then(() => {
      awake = true;
    });
    await time.advance(999);
    expect(awake).toBe(false);
    await time.advance(1);
    await sleeping;
    expect([awake, time.pendingCount]).toEqual([true, 0]);
  });

  it('rejects with the reason as soon as it is aborted, and leaves no timer', async () => {
    const time = new SimulatedTime();
    const abort = new AbortController();
    const sleeping = sleep(time, 1_000, abort.signal);
    abort.abort(new Error('stopping'));
    await expect(sleeping).rejects.toThrow('stopping');
    expect(time.pendingCount).toBe(0);
  });

  it('rejects at once when it was aborted before, even without an Error as the reason', async () => {
    const time = new SimulatedTime();
    await expect(sleep(time, 1_000, AbortSignal.abort('just text'))).rejects.toThrow('aborted');
    expect(time.pendingCount).toBe(0);
  });

  it('does not care about an abort after it is over', async () => {
    const time = new SimulatedTime();
    const abort = new AbortController();
    const sleeping = sleep(time, 10, abort.signal);
    await time.advance(10);
    abort.abort();
    await expect(sleeping).resolves.toBeUndefined();
  });
});

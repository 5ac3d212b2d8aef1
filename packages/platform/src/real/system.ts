import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { Random } from '../random.ts';
import type { Timers } from '../timers.ts';
import { LongTimeout, timeoutMsMax } from './long-timeout.ts';

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};

export const systemTimers: Timers = {
  after: (delayMs, callback) => new LongTimeout(delayMs, callback),
  every: (periodMs, callback) => {
    if (periodMs > timeoutMsMax) {
      throw new RangeError(`a period is at most ${timeoutMsMax} ms, not ${periodMs}: re-arm with after()`);
    }
    return setInterval(callback, periodMs).unref();
  },
  clear: (handle) => {
    if (handle instanceof LongTimeout) handle.clear();
    else clearInterval(handle as NodeJS.Timeout);
  },
  soon: (callback) => {
    setImmediate(callback);
  },
};

export const systemRandom: Random = {
  bytes: (length) => randomBytes(length),
};

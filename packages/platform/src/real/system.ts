import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import type { Clock } from '../clock.ts';
import type { Random } from '../random.ts';
import type { Timers } from '../timers.ts';

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};

export const systemTimers: Timers = {
  after: (delayMs, callback) => setTimeout(callback, delayMs).unref(),
  every: (periodMs, callback) => setInterval(callback, periodMs).unref(),
  clear: (handle) => {
    clearTimeout(handle as NodeJS.Timeout);
  },
  soon: (callback) => {
    setImmediate(callback);
  },
};

export const systemRandom: Random = {
  bytes: (length) => randomBytes(length),
};

import type { Clock, Timers } from '@edgeflow/platform';

/**
 * Libraries (ws, pino) take time and timers from the process. In a simulation these are the world's: a close
 * handshake then times out in simulated time, and nothing depends on how fast this machine is.
 *
 * @returns what gives the process its own back.
 */
export function takeOverGlobals(time: Clock & Timers): () => void {
  const { setTimeout, setInterval, clearTimeout, clearInterval } = globalThis;
  const { now } = Date;
  const plant = globalThis as unknown as Record<string, unknown>;
  type Callback = (...values: unknown[]) => void;
  const wrapped = (handle: object): object =>
    Object.assign(Object.create(timerMethods) as { handle?: object }, { handle });
  plant.setTimeout = (callback: Callback, delayMs = 0, ...values: unknown[]) =>
    wrapped(time.after(delayMs, () => callback(...values)));
  plant.setInterval = (callback: Callback, periodMs = 1, ...values: unknown[]) =>
    wrapped(time.every(periodMs, () => callback(...values)));
  const clear = (timer: { handle?: object } | undefined | null): void => {
    if (timer?.handle !== undefined) time.clear(timer.handle);
  };
  plant.clearTimeout = clear;
  plant.clearInterval = clear;
  Date.now = () => Math.floor(time.now());
  return () => {
    Object.assign(globalThis, { setTimeout, setInterval, clearTimeout, clearInterval });
    Date.now = now;
  };
}

const timerMethods = {
  ref(): object {
    return this;
  },
  unref(): object {
    return this;
  },
  hasRef: () => false,
};

import type { Clock } from './clock.ts';

/** A timer that is running. Opaque: hand it back to {@link Timers.clear}. */
export type TimerHandle = object;

/** One-shot and repeating timers. A pending timer does not by itself keep the process alive. */
export interface Timers {
  /** Runs `callback` once, `delayMs` from now (monotonic). */
  after(delayMs: number, callback: () => void): TimerHandle;
  /** Runs `callback` every `periodMs`, first after one period. */
  every(periodMs: number, callback: () => void): TimerHandle;
  /** Stops a timer of either kind. Clearing one that already fired is harmless. */
  clear(handle: TimerHandle): void;
  /** Runs `callback` after the I/O that is already waiting has been handled (`setImmediate`). */
  soon(callback: () => void): void;
}

/** What almost every stateful part needs together. */
export interface TimeSource {
  readonly clock: Clock;
  readonly timers: Timers;
}

/** Resolves after `delayMs`, or rejects with the signal's reason as soon as it is aborted. */
export function sleep(timers: Timers, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(asError(signal.reason));
      return;
    }
    const handle = timers.after(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    const onAbort = (): void => {
      timers.clear(handle);
      reject(asError(signal?.reason));
    };
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** Resolves once the I/O that is already waiting has been handled: between two parts of long work on this thread. */
export function giveWay(timers: Pick<Timers, 'soon'>): Promise<void> {
  return new Promise((resolve) => {
    timers.soon(resolve);
  });
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('aborted');
}

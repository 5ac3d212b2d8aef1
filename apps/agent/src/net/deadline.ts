import type { Timers } from '@edgeflow/platform';

export interface Deadline {
  readonly timers: Timers;
  readonly limitMs: number;
  readonly signal?: AbortSignal | undefined;
  /** The error of a task that is late. */
  readonly late: () => Error;
}

/**
 * Runs `task` with a signal that is aborted when the time is up or when the outer signal is. The task must settle
 * soon after that, whatever its outcome; what it made until then is its own to destroy.
 *
 * @throws what `late` makes, or the outer signal's reason, in preference to the task's own error.
 */
export async function withDeadline<T>(
  deadline: Deadline,
  task: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { timers, limitMs, signal: outer, late } = deadline;
  const controller = new AbortController();
  const follow = (): void => {
    controller.abort(outer?.reason);
  };
  if (outer?.aborted === true) follow();
  outer?.addEventListener('abort', follow, { once: true });
  const timer = timers.after(limitMs, () => {
    controller.abort(late());
  });
  try {
    controller.signal.throwIfAborted();
    return await task(controller.signal);
  } catch (error) {
    controller.signal.throwIfAborted();
    throw error;
  } finally {
    timers.clear(timer);
    outer?.removeEventListener('abort', follow);
  }
}

/** Leaves a promise that cannot be called off (a name lookup) to itself as soon as the signal is aborted. */
export function abandonable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => {
      reject(reasonOf(signal));
    };
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', onAbort);
    });
  });
}

export function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('called off');
}

/**
 * Runs tasks one at a time, in the order they came.
 *
 * Invariants: at most one task runs; a task that fails does not stop the next; `run` settles as its own task does.
 */
export class Mutex {
  #tail: Promise<unknown> = Promise.resolve();

  run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(task);
    this.#tail = result.catch(() => undefined);
    return result;
  }
}

/**
 * Joins callers who want the same thing at the same time.
 *
 * Invariants: at most one task runs; callers that arrive while it runs share its outcome; the next caller after it
 * has settled starts a new one.
 */
export class SingleFlight<T> {
  #running: Promise<T> | undefined;

  get busy(): boolean {
    return this.#running !== undefined;
  }

  run(task: () => Promise<T>): Promise<T> {
    // The task starts a microtask later, so that it is already known to run when it calls back into this object, and
    // so that one which throws before its first await rejects like any other.
    this.#running ??= Promise.resolve()
      .then(task)
      .finally(() => {
        this.#running = undefined;
      });
    return this.#running;
  }
}

import type { TimerHandle, Timers } from '@edgeflow/platform';

/**
 * Feeds events to a pure machine and has its effects performed.
 *
 * Invariants: events are stepped in the order they were dispatched; all effects of one step are performed before
 * the next event is stepped, also when performing an effect dispatches events at once.
 */
export class MachineRunner<State, Event, Effect> {
  #state: State;
  readonly #step: (state: State, event: Event) => { state: State; effects: readonly Effect[] };
  readonly #perform: (effect: Effect) => void;
  readonly #waiting: Event[] = [];
  #isRunning = false;

  constructor(
    initial: State,
    step: (state: State, event: Event) => { state: State; effects: readonly Effect[] },
    perform: (effect: Effect) => void,
  ) {
    this.#state = initial;
    this.#step = step;
    this.#perform = perform;
  }

  get state(): State {
    return this.#state;
  }

  dispatch(event: Event): void {
    this.#waiting.push(event);
    if (this.#isRunning) return;
    this.#isRunning = true;
    try {
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
        const { state, effects } = this.#step(this.#state, next);
        this.#state = state;
        for (const effect of effects) this.#perform(effect);
      }
    } finally {
      this.#isRunning = false;
    }
  }
}

/** One-shot timers known by name; setting one again replaces it, and a cleared one never fires. */
export class NamedTimers<Name extends string> {
  readonly #timers: Timers;
  readonly #running = new Map<Name, TimerHandle>();

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  set(name: Name, delayMs: number, callback: () => void): void {
    this.clear(name);
    const handle = this.#timers.after(delayMs, () => {
      this.#running.delete(name);
      callback();
    });
    this.#running.set(name, handle);
  }

  clear(name: Name): void {
    const handle = this.#running.get(name);
    if (handle === undefined) return;
    this.#timers.clear(handle);
    this.#running.delete(name);
  }

  clearAll(): void {
    for (const name of [...this.#running.keys()]) this.clear(name);
  }
}

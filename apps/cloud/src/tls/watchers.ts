import type { TimerHandle, Timers } from '@edgeflow/platform';
import { SingleFlight } from '@edgeflow/platform';

/**
 * Looks at something periodically, for as long as anybody wants to hear of its changes.
 *
 * Invariants: one look at a time, however many watch and however long it takes; each change is told to all who watch
 * when it is found; without watchers no timer runs.
 */
export class Watchers {
  readonly #timers: Timers;
  readonly #periodMs: number;
  readonly #look: () => Promise<boolean>;
  readonly #looking = new SingleFlight<void>();
  readonly #watchers = new Set<() => void>();
  #timer: TimerHandle | undefined;

  /** @param look must not reject; true: something changed. */
  constructor(timers: Timers, periodMs: number, look: () => Promise<boolean>) {
    this.#timers = timers;
    this.#periodMs = periodMs;
    this.#look = look;
  }

  /** Returns what ends it; ending it twice is harmless. */
  add(onChange: () => void): () => void {
    const watcher = (): void => {
      onChange();
    };
    this.#watchers.add(watcher);
    this.#timer ??= this.#timers.every(this.#periodMs, () => void this.#looking.run(() => this.#once()));
    return () => {
      this.#watchers.delete(watcher);
      if (this.#watchers.size > 0 || this.#timer === undefined) return;
      this.#timers.clear(this.#timer);
      this.#timer = undefined;
    };
  }

  async #once(): Promise<void> {
    if (!(await this.#look())) return;
    for (const watcher of this.#watchers) watcher();
  }
}

import type { Clock, Timers, TimeSource } from '@edgeflow/platform';
import { endless } from './endless.ts';

/**
 * One run of a program: what is fenced off when it dies.
 *
 * Invariant: after `kill` no timer of it fires, no wait of it ends, and whoever asks `isAlive` before an effect
 * performs none. Its code may still run to its next effect, as a process that is killed between two instructions
 * has run to there, and nobody sees a difference.
 */
export class SimulatedProcess {
  readonly name: string;
  readonly #time: Clock & Timers;
  readonly #pending = new Set<object>();
  #atDeath: ((isPowerLost: boolean) => void)[] = [];
  #isAlive = true;

  constructor(name: string, time: Clock & Timers) {
    this.name = name;
    this.#time = time;
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /**
   * Runs `work` when this process dies, in the order in which they were given; it hears whether the machine's power went
   * with it, so that not even its kernel tells anybody.
   */
  atDeath(work: (isPowerLost: boolean) => void): void {
    this.#atDeath.push(work);
  }

  /** Like SIGKILL, or like the end of a process: nothing of it happens any more. */
  kill(isPowerLost = false): void {
    if (!this.#isAlive) return;
    this.#isAlive = false;
    for (const handle of this.#pending) this.#time.clear(handle);
    this.#pending.clear();
    for (const work of this.#atDeath.splice(0)) work(isPowerLost);
  }

  /** Passes what `promise` becomes on to this process, unless it has died by then. */
  async hears<T>(promise: Promise<T>): Promise<T> {
    try {
      const value = await promise;
      return this.#isAlive ? value : await endless();
    } catch (error) {
      if (!this.#isAlive) return endless();
      throw error;
    }
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.timers.after(ms, resolve);
    });
  }

  readonly timers: Timers = {
    after: (delayMs, callback) => {
      if (!this.#isAlive) return {};
      const handle = this.#time.after(delayMs, () => {
        this.#pending.delete(handle);
        callback();
      });
      this.#pending.add(handle);
      return handle;
    },
    every: (periodMs, callback) => {
      if (!this.#isAlive) return {};
      const handle = this.#time.every(periodMs, callback);
      this.#pending.add(handle);
      return handle;
    },
    clear: (handle) => {
      this.#pending.delete(handle);
      this.#time.clear(handle);
    },
    soon: (callback) => {
      this.timers.after(0, callback);
    },
  };

  /** The time as this process sees it, on a machine with a clock of its own. */
  timeBy(clock: Clock): TimeSource {
    return { clock, timers: this.timers };
  }
}

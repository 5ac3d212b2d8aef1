import type { DatabaseKind } from '../../storage/database.ts';
import { OverloadedError } from '../../storage/failures.ts';

/** Scans of the registry at one moment: SQLite has one thread for everything, PostgreSQL a pool of connections. */
const scansMax = { sqlite: 1, postgres: 3 } as const;
/** Scans that may wait for their turn; more hear 503 and come back. */
const waitingMax = 64;

/**
 * Lets a few scans run at a time, so that many who search take no more of the database than one.
 *
 * Invariants: at most {@link scansMax} run; the rest start in the order they came; `run` settles as its own task does.
 */
export class ScanTurns {
  readonly #max: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(kind: DatabaseKind) {
    this.#max = scansMax[kind];
  }

  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#running < this.#max) this.#running += 1;
    else await this.#turn();
    try {
      return await task();
    } finally {
      const next = this.#waiting.shift();
      // Whoever is next takes over this place.
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }

  #turn(): Promise<void> {
    if (this.#waiting.length >= waitingMax) throw new OverloadedError();
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }
}

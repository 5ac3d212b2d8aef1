import type { TimerHandle, Timers } from '@edgeflow/platform';
import type { Database } from '../storage/database.ts';
import type { SecurityChange } from './gateway.ts';

/** Every change reaches an open tunnel within a second: half for the poll, half for the work. */
const pollMs = 500;
/** Changes are read again for this long: a transaction on another node may commit later than its own time says. */
const overlapMs = 10_000;

export interface SecurityWatchOptions {
  readonly database: Database;
  readonly timers: Timers;
  readonly recheck: (changes: readonly SecurityChange[]) => Promise<void>;
  readonly onFailure: (error: unknown) => void;
}

/**
 * Carries revocations, deletions and replaced keys from the database to the tunnels. The database is the truth and
 * is read twice a second; `poke` after a commit on this node merely makes it sooner.
 */
export class SecurityWatch {
  readonly #options: SecurityWatchOptions;
  #timer: TimerHandle | undefined;
  #sinceMs: number | undefined;
  #running = false;
  #again = false;

  constructor(options: SecurityWatchOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = this.#options.timers.every(pollMs, () => {
      this.poke();
    });
  }

  poke(): void {
    if (this.#running) {
      this.#again = true;
      return;
    }
    this.#running = true;
    void this.#run();
  }

  stop(): void {
    if (this.#timer !== undefined) this.#options.timers.clear(this.#timer);
  }

  async #run(): Promise<void> {
    try {
      do {
        this.#again = false;
        await this.#look();
      } while (this.#pokedMeanwhile());
    } catch (error) {
      this.#options.onFailure(error);
    } finally {
      this.#running = false;
    }
  }

  #pokedMeanwhile(): boolean {
    return this.#again;
  }

  async #look(): Promise<void> {
    const { database } = this.#options;
    const nowMs = await database.nowMs();
    const rows = await database.db
      .selectFrom('devices')
      .select(['id', 'security_changed_at_ms'])
      .where('security_changed_at_ms', '>=', (this.#sinceMs ?? nowMs) - overlapMs)
      .execute();
    await this.#options.recheck(
      rows.map((row) => ({ deviceId: row.id, changedAtMs: row.security_changed_at_ms })),
    );
    this.#sinceMs = nowMs;
  }
}

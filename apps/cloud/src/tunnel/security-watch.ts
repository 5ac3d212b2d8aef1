import type { ErrorCode } from '@edgeflow/contract';
import type { TimerHandle, Timers } from '@edgeflow/platform';
import { judgeKey, matchKeysById } from '../features/credentials/index.ts';
import type { Database } from '../storage/database.ts';
import type { Admission } from './session.ts';

/** Every change reaches an open tunnel within a second: half for the poll, half for the work. */
const pollMs = 500;
/** Changes are read again for this long: a transaction on another node may commit later than its own time says. */
const overlapMs = 10_000;

/** The open tunnels of this node. */
export interface WatchedTunnels {
  admission(deviceId: string): Admission | undefined;
  refuse(admission: Admission, code: ErrorCode): void;
  restrict(admission: Admission, restricted: boolean): void;
}

export interface SecurityWatchOptions {
  readonly database: Database;
  readonly timers: Timers;
  readonly tunnels: WatchedTunnels;
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
    const { database, tunnels } = this.#options;
    const nowMs = await database.nowMs();
    const rows = await database.db
      .selectFrom('devices')
      .select(['id', 'security_changed_at_ms'])
      .where('security_changed_at_ms', '>=', (this.#sinceMs ?? nowMs) - overlapMs)
      .execute();
    const stale = rows.flatMap(({ id, security_changed_at_ms: changedAtMs }) => {
      const admission = tunnels.admission(id);
      // Whoever was admitted after the change has been judged by it already.
      return admission === undefined || admission.judgedAtMs > changedAtMs ? [] : [admission];
    });
    if (stale.length > 0) await this.#judge(stale, nowMs);
    this.#sinceMs = nowMs;
  }

  async #judge(admissions: readonly Admission[], nowMs: number): Promise<void> {
    const { database, tunnels } = this.#options;
    const ids = admissions.map(({ credentialId }) => credentialId);
    const matches = await matchKeysById(database, ids);
    for (const admission of admissions) {
      const verdict = judgeKey(matches.get(admission.credentialId), admission.deviceId, nowMs);
      if (verdict.kind === 'refused') tunnels.refuse(admission, verdict.code);
      else if (verdict.restricted !== admission.restricted) tunnels.restrict(admission, verdict.restricted);
    }
  }
}

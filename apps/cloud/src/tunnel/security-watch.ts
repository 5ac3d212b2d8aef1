import type { ErrorCode } from '@edgeflow/contract';
import type { TimerHandle, Timers } from '@edgeflow/platform';
import { replacedSince } from '../features/clones/index.ts';
import { judgeKey, keyAge, matchKeysById } from '../features/credentials/index.ts';
import type { Database } from '../storage/database.ts';
import type { Admission } from './session.ts';

/** Every change reaches an open tunnel within a second: half for the poll, half for the work. */
const pollMs = 500;
/**
 * Changes are read again for this long: a transaction on another node may commit later than its own time says, after
 * several statements that each waited for locks as long as the database lets them.
 */
const overlapMs = 60_000;

/** The open tunnels of this node. */
export interface WatchedTunnels {
  admission(deviceId: string): Admission | undefined;
  admissions(): readonly Admission[];
  refuse(admission: Admission, code: ErrorCode): void;
  /** Ends the tunnel of a device that has a newer one on another node; one of the same epoch stays. */
  replacedElsewhere(deviceId: string, epoch: number): void;
  keyChanged(admission: Admission, key: Pick<Admission, 'keyExpiresAtMs' | 'restricted'>): void;
}

/** Hears of the new keys that are to be offered, again and again while a request is recent. */
export interface WatchedRotation {
  wanted(deviceId: string, wantedAtMs: number): void;
}

export interface SecurityWatchOptions {
  readonly database: Database;
  readonly timers: Timers;
  readonly tunnels: WatchedTunnels;
  readonly rotation: WatchedRotation;
  readonly onFailure: (error: unknown) => void;
}

/**
 * Carries revocations, deletions, replaced and expired keys, tunnels that are replaced by one on another node, and
 * requests for new keys, from the database to the tunnels of this node, whichever node they were made on.
 * The database is the truth and is read twice a second; `poke` after a commit on this node merely makes it sooner.
 *
 * A tunnel is judged again by every recent change, even one that says it was made before the tunnel was admitted: its
 * transaction may have begun earlier and committed later.
 */
export class SecurityWatch {
  readonly #options: SecurityWatchOptions;
  #timer: TimerHandle | undefined;
  #sinceMs: number | undefined;
  readonly #named = new Set<string>();
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

  /** Looks now. Devices that are named are judged whatever the database's times say. */
  poke(deviceIds: readonly string[] = []): void {
    for (const id of deviceIds) this.#named.add(id);
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
    const { database, rotation, tunnels } = this.#options;
    const nowMs = await database.nowMs();
    const rows = await database.db
      .selectFrom('devices')
      .select(['id', 'rotation_wanted_at_ms'])
      .where('security_changed_at_ms', '>=', (this.#sinceMs ?? nowMs) - overlapMs)
      .execute();
    const ids = new Set([...this.#named, ...rows.map(({ id }) => id)]);
    this.#named.clear();
    await this.#yieldToOtherNodes(nowMs);
    const changed = [...ids].flatMap((id) => tunnels.admission(id) ?? []);
    const outlived = tunnels.admissions().filter((admission) => hasOutlived(admission, nowMs));
    if (changed.length + outlived.length > 0) await this.#judge([...changed, ...outlived], nowMs);
    this.#sinceMs = nowMs;
    for (const { id, rotation_wanted_at_ms: wantedAtMs } of rows) {
      if (wantedAtMs !== null) rotation.wanted(id, wantedAtMs);
    }
  }

  /** An embedded database belongs to one node, where the newer tunnel has ended the older one already. */
  async #yieldToOtherNodes(nowMs: number): Promise<void> {
    const { database, tunnels } = this.#options;
    if (database.kind === 'sqlite') return;
    const replaced = await replacedSince(database, (this.#sinceMs ?? nowMs) - overlapMs);
    for (const { id, session_epoch: epoch } of replaced) tunnels.replacedElsewhere(id, epoch);
  }

  async #judge(admissions: readonly Admission[], nowMs: number): Promise<void> {
    const { database, tunnels } = this.#options;
    const ids = admissions.map(({ credentialId }) => credentialId);
    const matches = await matchKeysById(database, ids);
    for (const admission of admissions) {
      const verdict = judgeKey(matches.get(admission.credentialId), admission.deviceId, nowMs);
      if (verdict.kind === 'refused') {
        tunnels.refuse(admission, verdict.code);
        continue;
      }
      const { match, restricted } = verdict;
      tunnels.keyChanged(admission, { restricted, keyExpiresAtMs: match.credential.expires_at_ms });
    }
  }
}

/** Whether a tunnel was granted more than its key allows by now. */
function hasOutlived({ keyExpiresAtMs, restricted }: Admission, nowMs: number): boolean {
  const age = keyAge(keyExpiresAtMs, nowMs);
  return age === 'dead' || (age === 'expired' && !restricted);
}

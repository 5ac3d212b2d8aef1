import type { TimerHandle, Timers } from '@edgeflow/platform';
import type { Database, Tx } from '../../storage/database.ts';
import { sessionSeconds } from './auth.ts';

/** Times of use are as exact as this; finer would be a write a request. */
const coarseMs = 5 * 60_000;
const writeEveryMs = 15_000;
/** What waits to be written; more is noted at its next use. */
const waitingMax = 10_000;

export type UsedThing = 'session' | 'token';

/** Writes behind when sessions and tokens were last used. A session that is used lives on. */
export class LastUsed {
  readonly #database: Database;
  readonly #timers: Timers;
  readonly #onFailure: (error: unknown) => void;
  readonly #waiting = new Map<
    string,
    { readonly kind: UsedThing; readonly id: string; readonly atMs: number }
  >();
  #timer: TimerHandle | undefined;

  constructor(database: Database, timers: Timers, onFailure: (error: unknown) => void) {
    this.#database = database;
    this.#timers = timers;
    this.#onFailure = onFailure;
  }

  start(): void {
    this.#timer = this.#timers.every(writeEveryMs, () => void this.write().catch(this.#onFailure));
  }

  async stop(): Promise<void> {
    if (this.#timer !== undefined) this.#timers.clear(this.#timer);
    await this.write();
  }

  /** @param knownMs what is written down already */
  note(kind: UsedThing, id: string, knownMs: number | null, nowMs: number): void {
    if (knownMs !== null && nowMs - knownMs < coarseMs) return;
    if (this.#waiting.size < waitingMax) this.#waiting.set(id, { kind, id, atMs: nowMs });
  }

  /** Writes what waits. What cannot be written is noted again at its next use. */
  async write(): Promise<void> {
    if (this.#waiting.size === 0) return;
    // In one order: two nodes never wait for each other in a ring.
    const used = [...this.#waiting.values()].sort((one, other) => (one.id < other.id ? -1 : 1));
    this.#waiting.clear();
    await this.#database.transaction(async (tx) => {
      for (const one of used) await writeOne(tx, one);
    });
  }
}

async function writeOne(
  tx: Tx,
  { atMs, id, kind }: { readonly kind: UsedThing; readonly id: string; readonly atMs: number },
): Promise<void> {
  if (kind === 'session') {
    const lives = { last_used_at_ms: atMs, expires_at_ms: atMs + sessionSeconds * 1000 };
    await tx.db.updateTable('sessions').set(lives).where('id', '=', id).execute();
  } else {
    await tx.db.updateTable('operator_tokens').set({ last_used_at_ms: atMs }).where('id', '=', id).execute();
  }
}

import { giveWay, type TimerHandle, type Timers } from '@edgeflow/platform';
import type { Database, Tx } from '../../storage/database.ts';
import { asksForRetry, concernsOneItem } from '../../storage/failures.ts';
import { insertAudit } from '../audit/index.ts';
import { type Events, insertEvents } from '../events/index.ts';
import { changeEvent, systemActor } from './records.ts';
import { batchesAtWork, batchesToWipe, lockBatch, wipeTexts } from './store.ts';
import { type WorkOptions, workOnce } from './work.ts';

/** What another node left, or a moment without a database, is noticed this late at most. */
const pollMs = 2_000;
/** Batches looked for at once; those behind them come with the next look. */
const batchesAtOnce = 50;
/** A code that exists already, or a deadlock: the rows are tried again this often before the next look. */
const triesMax = 3;

export interface BatchWorkerOptions extends WorkOptions {
  readonly database: Database;
  readonly timers: Timers;
  readonly events: Events;
  readonly onFailure: (error: unknown) => void;
}

/**
 * Works off what batches have to do, some rows a transaction, and wipes texts whose hour is over. All that it knows
 * stands in the database, so it goes on wherever the last process ended.
 *
 * Invariants: it does one transaction at a time; between two of them whatever else waits gets its turn.
 */
export class BatchWorker {
  readonly #options: BatchWorkerOptions;
  #timer: TimerHandle | undefined;
  #running: Promise<void> | undefined;
  #again = false;
  #stopped = false;

  constructor(options: BatchWorkerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = this.#options.timers.every(pollMs, () => {
      this.poke();
    });
    this.poke();
  }

  /** Resolves once the transaction at hand has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer !== undefined) this.#options.timers.clear(this.#timer);
    await this.#running;
  }

  /** Says that there may be work. */
  poke(): void {
    if (this.#stopped) return;
    if (this.#running !== undefined) {
      this.#again = true;
      return;
    }
    this.#again = false;
    this.#running = this.#look()
      .catch(this.#options.onFailure)
      .finally(() => {
        this.#running = undefined;
        if (this.#again) this.poke();
      });
  }

  /** Wipes first: an hour is promised, however much there is to make. */
  async #look(): Promise<void> {
    const { database } = this.#options;
    const toWipe = await batchesToWipe(database, await database.nowMs(), batchesAtOnce);
    await this.#each(toWipe, ({ id, organization_id: organizationId }) => this.#wipe(organizationId, id));
    await this.#each(await batchesAtWork(database, batchesAtOnce), (id) => this.#workOff(id));
  }

  /** A batch with which something is wrong is reported, and is in the way of no other. */
  async #each<T>(batches: readonly T[], work: (batch: T) => Promise<void>): Promise<void> {
    for (const [index, batch] of batches.entries()) {
      if (index > 0) await giveWay(this.#options.timers);
      if (this.#stopped) return;
      await work(batch).catch(this.#options.onFailure);
    }
  }

  async #workOff(id: string): Promise<void> {
    while (!this.#stopped && (await this.#tryOnce(id))) await giveWay(this.#options.timers);
  }

  async #tryOnce(id: string): Promise<boolean> {
    const { database, events } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const more = await database.transaction((tx) => workOnce(this.#options, tx, id));
        events.poke();
        return more;
      } catch (error) {
        if (attempt >= triesMax || !(concernsOneItem(error) || asksForRetry(error))) throw error;
      }
    }
  }

  async #wipe(organizationId: string, id: string): Promise<void> {
    const { database, events } = this.#options;
    await database.transaction((tx) => wipeExpired(tx, organizationId, id));
    events.poke();
  }
}

async function wipeExpired(tx: Tx, organizationId: string, id: string): Promise<void> {
  const batch = await lockBatch(tx, organizationId, id);
  // Somebody else was faster, or the texts are new ones.
  if (batch === undefined || batch.texts_until_ms === null || batch.texts_until_ms > tx.nowMs) return;
  await wipeTexts(tx, id, 'expired');
  await insertAudit(tx, [
    {
      organizationId,
      atMs: tx.nowMs,
      actor: systemActor,
      action: 'batch.wipe_texts',
      object: { kind: 'batch', id },
      outcome: 'success',
      detail: { reason: 'expired' },
    },
  ]);
  await insertEvents(tx, [changeEvent(batch, tx.nowMs)]);
}

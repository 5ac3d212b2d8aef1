import type { Timers } from '@edgeflow/platform';
import { CommitUnknownError, type Database, type Tx } from './database.ts';
import { asksForRetry, concernsOneItem, OverloadedError } from './failures.ts';

/** Times that a batch is run again because the database chose it as the victim of a deadlock. */
const deadlockRetriesMax = 3;

/**
 * Turns of the event loop in a row that bring nothing new, after which a batch is taken. Node accepts one connection a
 * turn, and whoever is on the way needs some turns: a commit in each would make every new connection a batch of its
 * own. A turn without work costs microseconds, a commit hundreds.
 */
const quietTurns = 4;
/** Turns after which a batch is taken although more keeps coming. */
const turnsMax = 256;

export interface GroupCommitOptions<Item, Result> {
  readonly database: Database;
  readonly timers: Timers;
  /** Does the work of a whole batch in one transaction; one result an item, in order. */
  readonly run: (tx: Tx, items: readonly Item[]) => Promise<readonly Result[]>;
  /** Items with the same key never share a batch, and keep their order. Left out: any items may. */
  readonly keyOf?: (item: Item) => string;
  readonly itemsPerBatchMax: number;
  /** Items that wait beyond this are refused with {@link OverloadedError}. */
  readonly waitingMax: number;
}

/** How the wait for a batch stands. */
interface Gathering {
  readonly turns: number;
  /** Turns without an arrival. */
  readonly quiet: number;
  /** Items that had arrived by the last turn. */
  readonly seen: number;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Many requests that wait at the same moment share one transaction, and so one fsync.
 *
 * Invariants:
 * - a submission resolves only after the commit that holds its work has been confirmed;
 * - one batch runs at a time, in the order of arrival, and a batch holds at most one item of a key;
 * - an item whose rows the database refuses fails alone: the batch is rolled back and its items run one by one;
 * - after a commit of unknown outcome nothing is run again: every item of the batch is told so.
 */
export class GroupCommit<Item, Result> {
  readonly #options: GroupCommitOptions<Item, Result>;
  #waiting: Waiting<Item, Result>[] = [];
  #running = false;

  constructor(options: GroupCommitOptions<Item, Result>) {
    this.#options = options;
  }

  submit(item: Item): Promise<Result> {
    if (this.#waiting.length >= this.#options.waitingMax) return Promise.reject(new OverloadedError());
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#running) return;
    this.#running = true;
    this.#gather({ turns: 0, quiet: 0, seen: this.#waiting.length });
  }

  /** Takes the batch once whatever has arrived is parsed and nothing more comes, so that all of it shares one commit. */
  #gather({ quiet, seen, turns }: Gathering): void {
    this.#options.timers.soon(() => {
      const { length } = this.#waiting;
      const stillQuiet = length === seen ? quiet + 1 : 0;
      const isFull = length >= this.#options.itemsPerBatchMax;
      if (isFull || stillQuiet >= quietTurns || turns >= turnsMax) void this.#runBatches();
      else this.#gather({ turns: turns + 1, quiet: stillQuiet, seen: length });
    });
  }

  async #runBatches(): Promise<void> {
    const batch = this.#takeBatch();
    await this.#settle(batch);
    this.#running = false;
    if (this.#waiting.length > 0) this.#schedule();
  }

  #takeBatch(): Waiting<Item, Result>[] {
    const { itemsPerBatchMax, keyOf } = this.#options;
    if (keyOf === undefined) return this.#waiting.splice(0, itemsPerBatchMax);
    const keys = new Set<string>();
    const batch: Waiting<Item, Result>[] = [];
    const rest: Waiting<Item, Result>[] = [];
    for (const waiting of this.#waiting) {
      const key = keyOf(waiting.item);
      if (batch.length >= itemsPerBatchMax || keys.has(key)) {
        rest.push(waiting);
        continue;
      }
      keys.add(key);
      batch.push(waiting);
    }
    this.#waiting = rest;
    return batch;
  }

  async #settle(batch: readonly Waiting<Item, Result>[], retries = deadlockRetriesMax): Promise<void> {
    try {
      await this.#commit(batch);
    } catch (error) {
      if (retries > 0 && asksForRetry(error)) {
        await this.#settle(batch, retries - 1);
        return;
      }
      const alone = batch.length > 1 && !(error instanceof CommitUnknownError) && concernsOneItem(error);
      if (!alone) {
        for (const waiting of batch) waiting.reject(error);
        return;
      }
      for (const waiting of batch) await this.#settle([waiting]);
    }
  }

  async #commit(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    const items = batch.map((waiting) => waiting.item);
    const results = await this.#options.database.transaction((tx) => this.#options.run(tx, items));
    batch.forEach((waiting, index) => {
      const result = results[index];
      if (result === undefined) waiting.reject(new Error('the batch gave no result for this item'));
      else waiting.resolve(result);
    });
  }
}

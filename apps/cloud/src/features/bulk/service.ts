import {
  type BulkChange,
  bulkDevicesMax,
  type ChangeDevicesRequest,
  type DeviceBulk,
  makeId,
} from '@edgeflow/contract';
import { type Random, sleep, type Timers, toRfc3339 } from '@edgeflow/platform';
import type { RequestHashes } from '../../http/idempotency-key.ts';
import { ProblemError } from '../../http/problems.ts';
import type { Database, Tx } from '../../storage/database.ts';
import type { BulkChangeRow } from '../../storage/device-tables.ts';
import { concernsOneItem } from '../../storage/failures.ts';
import { lockDevices } from '../../storage/device-locks.ts';
import { jsonTexts } from '../../storage/json-texts.ts';
import { type Actor, insertAudit } from '../audit/index.ts';
import type { Devices } from '../devices/index.ts';
import { type Events, insertEvents } from '../events/index.ts';
import type { Operator } from '../identity/index.ts';
import { apply, kinds, lockFirst } from './apply.ts';
import {
  bulkOfRequest,
  countRunning,
  forgetBulks,
  insertBulk,
  lockRunning,
  type NewBulk,
  noteProgress,
  readBulk,
  takeOver,
  takePart,
} from './store.ts';

/** Devices of one transaction: some ten milliseconds of SQLite. */
const devicesPerPart = 250;
/** A part begins this long after the one before it: what all tunnels are judged by stays a short list. */
const partEveryMs = 200;
/** Changes of one organization that may be under way. */
const runningMax = 8;
/** A change of which its node has not said anything for this long belongs to whoever asks. */
const silentMs = 30_000;
const takenOverAtOnce = 8;

export interface BulkOptions {
  readonly database: Database;
  readonly timers: Timers;
  readonly random: Random;
  readonly events: Events;
  readonly devices: Pick<Devices, 'select'>;
  readonly securityChanged: (deviceIds: readonly string[]) => void;
  readonly onFailure: (error: unknown) => void;
}

/**
 * Changes to many devices.
 *
 * Invariants: which devices it concerns is settled when it begins, and only if they are as many as was confirmed; each
 * part is one transaction that holds the change of its devices, an audit row for each, and the progress, so that every
 * part is done once, whichever nodes work on it and whenever they end.
 */
export class BulkChanges {
  readonly #options: BulkOptions;
  readonly #stopping = new AbortController();
  readonly #working = new Set<Promise<void>>();

  constructor(options: BulkOptions) {
    this.#options = options;
  }

  /**
   * Begins a change and does its first part, which is all of it where it concerns few.
   *
   * @param hashes of the request: a repeat is answered with how far the same change is, and changes nothing
   */
  async begin(operator: Operator, request: ChangeDevicesRequest, hashes: RequestHashes): Promise<DeviceBulk> {
    const { database } = this.#options;
    // Before anything is counted: what the first one deleted would be missing.
    const before = await findRepeated(database, operator, hashes);
    if (before !== undefined) return view(before);
    const bulk = await this.#settle(operator, request, hashes).catch(async (error: unknown) => {
      // The same request may have begun since, and what it deleted is missing from what was counted.
      const since = isCountChanged(error) ? await findRepeated(database, operator, hashes) : undefined;
      if (since === undefined) throw error;
      return since;
    });
    if ('state' in bulk) return view(bulk);
    const insert = (): Promise<BulkChangeRow | undefined> =>
      database.transaction((tx) => insertOnce(tx, bulk));
    // The same request twice at one moment: the second one finds the first.
    const repeated = await insert().catch((error: unknown) => {
      if (hashes.request !== null && concernsOneItem(error)) return insert();
      throw error;
    });
    if (repeated !== undefined) return view(repeated);
    if (!(await this.#step(bulk.id))) this.#work(bulk.id);
    return this.read(operator.organizationId, bulk.id);
  }

  /** Which devices it concerns, if they are as many as was confirmed. */
  async #settle(operator: Operator, request: ChangeDevicesRequest, hashes: RequestHashes): Promise<NewBulk> {
    const { devices, random } = this.#options;
    const { change, device_ids: named, expected_count: expected, filter = {} } = request;
    const ids = await devices.select(operator, named === undefined ? { filter } : { ids: named });
    if (ids.length !== expected) {
      throw new ProblemError('count_changed', {
        detail: `It would concern ${String(ids.length)} devices, not ${String(expected)}.`,
      });
    }
    if (ids.length > bulkDevicesMax) throw new ProblemError('request_malformed');
    const id = makeId('bulk', random.bytes);
    return { id, operator, change, hashes, parts: chunks(ids, devicesPerPart) };
  }

  async read(organizationId: string, id: string): Promise<DeviceBulk> {
    const row = await readBulk(this.#options.database, organizationId, id);
    if (row === undefined) throw new ProblemError('bulk_not_found');
    return view(row);
  }

  /** Goes on with what another node, or an earlier run of this one, has left; call it every few seconds. */
  async resume(): Promise<void> {
    const found = await this.#options.database.transaction((tx) =>
      takeOver(tx, tx.nowMs - silentMs, takenOverAtOnce),
    );
    for (const id of found) this.#work(id);
  }

  /** Forgets what was finished before a time. */
  forget(beforeMs: number): Promise<void> {
    return forgetBulks(this.#options.database, beforeMs);
  }

  /** Ends after the part that is under way; the rest is resumed by whoever starts next. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#working);
  }

  #work(id: string): void {
    const working = this.#run(id)
      .catch((error: unknown) => {
        // Whatever it was, the change goes on once it has been silent for long enough.
        if (!this.#stopping.signal.aborted) this.#options.onFailure(error);
      })
      .finally(() => this.#working.delete(working));
    this.#working.add(working);
  }

  async #run(id: string): Promise<void> {
    do await sleep(this.#options.timers, partEveryMs, this.#stopping.signal);
    while (!(await this.#step(id)));
  }

  /** Does the next part. @returns whether it was the last */
  async #step(id: string): Promise<boolean> {
    const { database, events, securityChanged } = this.#options;
    const done = await database.transaction((tx) => doPart(tx, id));
    if (done.changed.length > 0) {
      events.poke();
      if (done.isSecurity) securityChanged(done.changed);
    }
    return done.isFinished;
  }
}

function isCountChanged(error: unknown): boolean {
  return error instanceof ProblemError && error.code === 'count_changed';
}

/** @returns the change that the same request has begun already, if there is one */
async function insertOnce(tx: Tx, bulk: NewBulk): Promise<BulkChangeRow | undefined> {
  const { hashes, operator } = bulk;
  const before = await findRepeated(tx, operator, hashes);
  if (before !== undefined) return before;
  if ((await countRunning(tx, operator.organizationId)) >= runningMax)
    throw new ProblemError('unavailable', {
      detail: `${String(runningMax)} changes to many devices are under way already.`,
    });
  await insertBulk(tx, bulk);
  return undefined;
}

/** Throws `idempotency_key_reused` where the key belongs to a request for something else. */
async function findRepeated(
  source: Database | Tx,
  { organizationId }: Operator,
  hashes: RequestHashes,
): Promise<BulkChangeRow | undefined> {
  if (hashes.request === null) return undefined;
  const before = await bulkOfRequest(source, organizationId, hashes.request);
  if (before === undefined || before.content_hash === hashes.content) return before;
  throw new ProblemError('idempotency_key_reused');
}

interface PartDone {
  readonly isFinished: boolean;
  readonly isSecurity: boolean;
  readonly changed: readonly string[];
}

async function doPart(tx: Tx, id: string): Promise<PartDone> {
  const row = await lockRunning(tx, id);
  if (row === undefined) return { isFinished: true, isSecurity: false, changed: [] };
  const { organization_id: organizationId } = row;
  const change = JSON.parse(row.change) as BulkChange;
  const kind = kinds[change.action];
  const ids = await takePart(tx, row);
  await lockFirst(tx, organizationId, change);
  const held = await lockDevices(tx, jsonTexts(tx.kind, ids));
  const living = held.filter((one) => one.organization_id === organizationId && one.lifecycle !== 'deleted');
  const { changed, skipped } = await apply(tx, organizationId, living, change);
  const gone = ids.length - living.length;
  const all = gone === 0 ? skipped : new Map([...skipped, ['device_not_found', gone]]);
  const { isFinished } = await noteProgress(tx, row, changed.length, all);
  await record(tx, row, kind, changed);
  return { isFinished, isSecurity: kind.isSecurity, changed };
}

async function record(
  tx: Tx,
  row: BulkChangeRow,
  { action, event }: (typeof kinds)[BulkChange['action']],
  changed: readonly string[],
): Promise<void> {
  const about = { organizationId: row.organization_id, atMs: tx.nowMs };
  const actor: Actor = {
    kind: 'operator',
    id: row.actor_id,
    address: row.address,
    requestId: row.request_id,
  };
  const detail = { bulk_id: row.id };
  await insertAudit(
    tx,
    changed.map((id) => ({
      ...{ ...about, actor, action, detail },
      ...{ object: { kind: 'device', id }, outcome: 'success' },
    })),
  );
  if (event === undefined) return;
  await insertEvents(
    tx,
    changed.map((id) => ({ ...about, type: event, objectId: id, data: { device_id: id, bulk_id: row.id } })),
  );
}

function chunks<T>(all: readonly T[], size: number): T[][] {
  const parts: T[][] = [];
  for (let from = 0; from < all.length; from += size) parts.push(all.slice(from, from + size));
  return parts;
}

function view(row: BulkChangeRow): DeviceBulk {
  const { action } = JSON.parse(row.change) as BulkChange;
  return {
    id: row.id,
    action,
    state: row.state,
    total: row.total,
    changed: row.changed,
    skipped: JSON.parse(row.skipped) as Record<string, number>,
    created_at: toRfc3339(row.created_at_ms),
    finished_at: row.finished_at_ms === null ? null : toRfc3339(row.finished_at_ms),
  };
}

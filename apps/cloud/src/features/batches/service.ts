import {
  type AuditAction,
  type Batch,
  type BatchCheck,
  type BatchDetail,
  type CreateBatchRequest,
  type ListBatchesQuery,
  type ListBatchRowsQuery,
  makeId,
} from '@edgeflow/contract';
import { type Clock, giveWay } from '@edgeflow/platform';
import type { RequestHashes } from '../../http/idempotency-key.ts';
import { ProblemError } from '../../http/problems.ts';
import type { BatchRow } from '../../storage/batch-tables.ts';
import type { Database, Tx } from '../../storage/database.ts';
import { concernsOneItem } from '../../storage/failures.ts';
import { type AuditFact, insertAudit } from '../audit/index.ts';
import { codeExpiry } from '../codes/index.ts';
import { type Events, insertEvents } from '../events/index.ts';
import { type Operator, operatorNames } from '../identity/index.ts';
import { type BatchPage, listBatches } from './list.ts';
import { BatchLooks, type Report } from './looks.ts';
import { type NewRow, readRows, type RowsReading } from './read-rows.ts';
import { changeEvent } from './records.ts';
import {
  activeCodes,
  batchOfRequest,
  insertBatch,
  lockBatch,
  readBatch,
  revokeActive,
  updateBatch,
  wipeTexts,
} from './store.ts';
import { viewBatch, viewBatchDetail } from './view.ts';
import { BatchWorker, type BatchWorkerOptions } from './worker.ts';

/** A batch is made before anybody is on the way to the devices. */
const ttlSecondsDefault = 30 * 24 * 3600;
/** Problems of rows that one answer names. */
const problemsMax = 100;
/** Good rows that a check shows. */
const previewRows = 20;

export interface BatchesOptions extends BatchWorkerOptions {
  readonly clock: Clock;
  readonly database: Database;
  readonly events: Events;
}

export type CreatedBatch = Batch & { readonly rows_skipped: number };

/** What operators do with batches of codes. */
export class Batches {
  readonly worker: BatchWorker;
  readonly #options: BatchesOptions;
  readonly #looks: BatchLooks;
  readonly #pause = (): Promise<void> => giveWay(this.#options.timers);

  constructor(options: BatchesOptions) {
    this.#options = options;
    this.worker = new BatchWorker(options);
    this.#looks = new BatchLooks(options);
  }

  /** @param isGone whether whoever asked has gone away: a table is read for nobody no further */
  async check(request: CreateBatchRequest, isGone: () => boolean): Promise<BatchCheck> {
    const reading = await readRows(request, { pause: this.#pause, isGone });
    return {
      rows_good: reading.good.length,
      rows_wrong: reading.wrong,
      problems: reading.problems.slice(0, problemsMax),
      problems_total: reading.problems.length,
      preview: reading.good.slice(0, previewRows).map((row) => ({
        line: row.line,
        name: row.name,
        serial_number: row.serialNumber,
        mac_address: row.macAddress,
        tags: [...row.tags],
      })),
    };
  }

  /**
   * @param hashes of the request: a repeat is answered with the same batch
   * @param isGone whether whoever asked has gone away: nothing is made while the table is still read, and all of it
   *   afterwards
   */
  async create(
    operator: Operator,
    request: CreateBatchRequest,
    hashes: RequestHashes,
    isGone: () => boolean,
  ): Promise<CreatedBatch> {
    const reading = await readRows(request, { pause: this.#pause, isGone });
    requireGood(request, reading);
    const insert = (): Promise<BatchRow> =>
      this.#options.database.transaction((tx) => this.#insert(tx, operator, request, reading.good, hashes));
    // The same request twice at one moment: the second one finds the first.
    const row = await insert().catch((error: unknown) => {
      if (hashes.request !== null && concernsOneItem(error)) return insert();
      throw error;
    });
    this.#changed();
    return { ...(await this.#view(row)), rows_skipped: reading.wrong };
  }

  async list(operator: Operator, query: ListBatchesQuery): Promise<BatchPage<Batch>> {
    const { database } = this.#options;
    const page = await listBatches(database, operator.organizationId, query);
    return { ...page, rows: await this.#views(operator.organizationId, page.rows) };
  }

  async read(operator: Operator, id: string): Promise<BatchDetail> {
    const row = await this.row(operator, id);
    const devices = await this.#looks.devices(row);
    return viewBatchDetail(await this.#view(row), devices);
  }

  /** Throws `batch_not_found` for the batch of another organization, too. */
  async row(operator: Operator, id: string): Promise<BatchRow> {
    const row = await readBatch(this.#options.database, operator.organizationId, id);
    if (row === undefined) throw new ProblemError('batch_not_found');
    return row;
  }

  async rows(operator: Operator, id: string, query: ListBatchRowsQuery): Promise<Report> {
    return this.#looks.report(await this.row(operator, id), query);
  }

  /** *I saved them*: the texts are wiped. Saying it twice is harmless. */
  saved(operator: Operator, id: string): Promise<Batch> {
    return this.#change(operator, id, async (tx, batch) => {
      if (batch.work !== null) throw new ProblemError('batch_not_ready');
      if (batch.texts_until_ms === null) return;
      await wipeTexts(tx, id, 'saved');
      await record(tx, operator, id, 'batch.wipe_texts', { reason: 'saved' });
      await insertEvents(tx, [changeEvent(batch, tx.nowMs)]);
    });
  }

  /**
   * Begins to issue the unused rows anew.
   *
   * @param edition that is to be replaced. A repeat names one that has been, and changes nothing.
   */
  replaceUnused(operator: Operator, id: string, edition: number): Promise<Batch> {
    return this.#change(operator, id, async (tx, batch) => {
      if (batch.revoked_at_ms !== null) throw new ProblemError('batch_revoked');
      if (edition === batch.edition - 1) return;
      if (edition !== batch.edition) throw new ProblemError('version_conflict');
      if (batch.work !== null) throw new ProblemError('batch_not_ready');
      await updateBatch(tx, id, {
        ...{ work: 'replace', work_after: 0, rows_done: 0, edition: edition + 1 },
        ...{ texts_until_ms: null, texts_wiped_at_ms: null, texts_wiped_reason: null },
        expires_at_ms: codeExpiry(tx.nowMs, batch.ttl_seconds),
      });
      await record(tx, operator, id, 'batch.replace_unused', { edition: edition + 1 });
      await insertEvents(tx, [changeEvent(batch, tx.nowMs)]);
    });
  }

  /** Ends what is being made, revokes what is unused and wipes the texts, all at once. Doing it twice is harmless. */
  revoke(operator: Operator, id: string): Promise<Batch> {
    return this.#change(operator, id, async (tx, batch) => {
      if (batch.revoked_at_ms !== null) return;
      const active = await activeCodes(tx, batch.organization_id, id);
      const revoked = await revokeActive(tx, active);
      await updateBatch(tx, id, { work: null, revoked_at_ms: tx.nowMs });
      await wipeTexts(tx, id, 'revoked');
      await record(tx, operator, id, 'batch.revoke', { codes: revoked.size });
      const event = { type: 'code.revoked', data: { batch_id: id, count: revoked.size } } as const;
      const about = { organizationId: batch.organization_id, atMs: tx.nowMs, objectId: id };
      await insertEvents(tx, [{ ...about, ...event }, changeEvent(batch, tx.nowMs)]);
    });
  }

  async #change(
    operator: Operator,
    id: string,
    work: (tx: Tx, batch: BatchRow) => Promise<void>,
  ): Promise<Batch> {
    const { organizationId } = operator;
    await this.#options.database.transaction(async (tx) => {
      const batch = await lockBatch(tx, organizationId, id);
      if (batch === undefined) throw new ProblemError('batch_not_found');
      await work(tx, batch);
    });
    this.#changed();
    return this.#view(await this.row(operator, id));
  }

  async #insert(
    tx: Tx,
    operator: Operator,
    request: CreateBatchRequest,
    rows: readonly NewRow[],
    hashes: RequestHashes,
  ): Promise<BatchRow> {
    const { organizationId } = operator;
    const before =
      hashes.request === null ? undefined : await batchOfRequest(tx, organizationId, hashes.request);
    if (before !== undefined) {
      if (before.content_hash === hashes.content) return before;
      throw new ProblemError('idempotency_key_reused');
    }
    const id = makeId('batch', this.#options.random.bytes);
    const batch = newBatch(tx.nowMs, operator, request, { id, hashes, rows: rows.length });
    await insertBatch(tx, batch, rows, this.#pause);
    const detail = { count: rows.length, name: batch.name };
    await record(tx, operator, id, 'batch.create', detail);
    await insertEvents(tx, [
      {
        organizationId,
        atMs: tx.nowMs,
        type: 'code.created',
        objectId: id,
        data: { count: rows.length, batch: id },
      },
      changeEvent(batch, tx.nowMs),
    ]);
    return batch;
  }

  #changed(): void {
    this.#options.events.poke();
    this.worker.poke();
  }

  async #view(row: BatchRow): Promise<Batch> {
    const [view] = await this.#views(row.organization_id, [row]);
    if (view === undefined) throw new Error('a batch has no view');
    return view;
  }

  async #views(organizationId: string, rows: readonly BatchRow[]): Promise<Batch[]> {
    const { database } = this.#options;
    const makers = [...new Set(rows.map((row) => row.created_by))];
    const names = await operatorNames(database, organizationId, makers);
    const counts = await this.#looks.counts(organizationId, rows);
    return rows.map((row) => {
      const own = counts.get(row.id);
      if (own === undefined) throw new Error('a batch was not counted');
      return viewBatch(row, own, names.get(row.created_by) ?? null);
    });
  }
}

function requireGood(request: CreateBatchRequest, { good, problems }: RowsReading): void {
  if (problems.length === 0 || (request.only_good_rows && good.length > 0)) return;
  throw new ProblemError('batch_rows_wrong', {
    detail: `${String(problems.length)} problems were found, in these lines first`,
    errors: problems.slice(0, problemsMax).map(({ field, line, message }) => ({
      field: field === '' ? `line ${String(line)}` : `line ${String(line)}: ${field}`,
      message,
    })),
  });
}

function newBatch(
  nowMs: number,
  operator: Operator,
  request: CreateBatchRequest,
  made: {
    readonly id: string;
    readonly rows: number;
    readonly hashes: { readonly request: string | null; readonly content: string };
  },
): BatchRow {
  const ttlSeconds = request.ttl_seconds ?? ttlSecondsDefault;
  return {
    id: made.id,
    organization_id: operator.organizationId,
    name: request.name ?? null,
    created_at_ms: nowMs,
    created_by: operator.id,
    request_hash: made.hashes.request,
    content_hash: made.hashes.content,
    ttl_seconds: ttlSeconds,
    group_count: request.groups ?? null,
    device_group: request.group ?? null,
    bind_board_model: request.bind?.board_model ?? null,
    expires_at_ms: codeExpiry(nowMs, ttlSeconds),
    rows_total: made.rows,
    rows_done: 0,
    edition: 1,
    work: 'make',
    work_after: 0,
    texts_until_ms: null,
    texts_wiped_at_ms: null,
    texts_wiped_reason: null,
    revoked_at_ms: null,
  };
}

async function record(
  tx: Tx,
  operator: Operator,
  id: string,
  action: AuditAction,
  detail: NonNullable<AuditFact['detail']>,
): Promise<void> {
  const { actor, organizationId } = operator;
  const object = { kind: 'batch', id };
  await insertAudit(tx, [
    { organizationId, atMs: tx.nowMs, actor, action, object, outcome: 'success', detail },
  ]);
}

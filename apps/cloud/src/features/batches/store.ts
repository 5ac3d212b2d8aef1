import { type RawBuilder, sql } from 'kysely';
import type { Database, Tx } from '../../storage/database.ts';
import { jsonTexts } from '../../storage/json-texts.ts';
import { forEachRow, insertRows } from '../../storage/rows.ts';
import type { BatchRow, BatchRowRow } from '../../storage/batch-tables.ts';
import { storableJson } from '../../storage/text.ts';
import type { NewRow } from './read-rows.ts';

/** Rows of one statement: some milliseconds of SQLite. */
const rowsAtOnce = 500;

const newRowColumns = {
  batch_id: 'text',
  number: 'bigint',
  device_name: 'text',
  tags: 'text',
  mac_address: 'text',
  serial_number: 'text',
} as const;

/** @param pause between two parts of many rows: lets everything that waits, and not for the database, have its turn */
export async function insertBatch(
  tx: Tx,
  batch: BatchRow,
  rows: readonly NewRow[],
  pause: () => Promise<void>,
): Promise<void> {
  await tx.db.insertInto('batches').values(batch).execute();
  for (let from = 0; from < rows.length; from += rowsAtOnce) {
    if (from > 0) await pause();
    const some = rows.slice(from, from + rowsAtOnce).map((row, index) => ({
      batch_id: batch.id,
      number: from + index + 1,
      device_name: row.name,
      tags: storableJson(row.tags),
      mac_address: row.macAddress,
      serial_number: row.serialNumber,
    }));
    await insertRows(tx, 'batch_rows', newRowColumns, some);
  }
}

export async function readBatch(
  source: Database | Tx,
  organizationId: string,
  id: string,
): Promise<BatchRow | undefined> {
  const batches = source.db.selectFrom('batches').selectAll();
  return batches.where('id', '=', id).where('organization_id', '=', organizationId).executeTakeFirst();
}

export async function batchOfRequest(
  tx: Tx,
  organizationId: string,
  requestHash: string,
): Promise<BatchRow | undefined> {
  return tx.db
    .selectFrom('batches')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('request_hash', '=', requestHash)
    .executeTakeFirst();
}

/** Holds a batch until the commit. A batch is locked before codes are. */
export async function lockBatch(tx: Tx, organizationId: string, id: string): Promise<BatchRow | undefined> {
  const rows = await sql<BatchRow>`select * from batches
    where id = ${id} and organization_id = ${organizationId} ${tx.forUpdate}`.execute(tx.db);
  return rows.rows[0];
}

/** Holds a batch that waits for work, unless another node holds it: one node works on a batch at a time. */
export async function takeWork(tx: Tx, id: string): Promise<BatchRow | undefined> {
  const lock: RawBuilder<unknown> = tx.kind === 'postgres' ? sql`for no key update skip locked` : sql``;
  const rows = await sql<BatchRow>`select * from batches
    where id = ${id} and work is not null ${lock}`.execute(tx.db);
  return rows.rows[0];
}

export async function batchesAtWork(database: Database, limit: number): Promise<string[]> {
  const rows = await sql<{ id: string }>`select id from batches
    where work is not null order by id limit ${limit}`.execute(database.db);
  return rows.rows.map(({ id }) => id);
}

/** Batches whose texts have been kept for long enough. */
export async function batchesToWipe(
  database: Database,
  nowMs: number,
  limit: number,
): Promise<Pick<BatchRow, 'id' | 'organization_id'>[]> {
  const rows = await sql<Pick<BatchRow, 'id' | 'organization_id'>>`select id, organization_id from batches
    where texts_until_ms is not null and texts_until_ms <= ${nowMs} order by texts_until_ms limit ${limit}`.execute(
    database.db,
  );
  return rows.rows;
}

/** The next rows of a batch after `after`, in their order. */
export async function nextRows(
  tx: Tx,
  batchId: string,
  after: number,
  limit: number,
): Promise<BatchRowRow[]> {
  return tx.db
    .selectFrom('batch_rows')
    .selectAll()
    .where('batch_id', '=', batchId)
    .where('number', '>', after)
    .orderBy('number')
    .limit(limit)
    .execute();
}

/**
 * Revokes those of the codes that are active, used ones stay as they are. They are locked by id, as everywhere.
 *
 * @returns the ids of those that were active
 */
export async function revokeActive(tx: Tx, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const active = await sql<{ id: string }>`select id from provisioning_codes
    where id in ${jsonTexts(tx.kind, ids)} and state = 'active' order by id ${tx.forUpdate}`.execute(tx.db);
  const held = active.rows.map(({ id }) => id);
  await sql`update provisioning_codes set state = 'revoked', revoked_at_ms = ${tx.nowMs}
    where id in ${jsonTexts(tx.kind, held)} and state = 'active'`.execute(tx.db);
  return new Set(held);
}

/** The codes of a batch that are active. */
export async function activeCodes(tx: Tx, organizationId: string, batchId: string): Promise<string[]> {
  const rows = await sql<{ id: string }>`select id from provisioning_codes
    where organization_id = ${organizationId} and batch_id = ${batchId} and state = 'active'`.execute(tx.db);
  return rows.rows.map(({ id }) => id);
}

export interface MadeRow {
  readonly number: number;
  readonly codeId: string;
  readonly sealedText: string;
}

/** Gives rows their codes. */
export async function setCodes(tx: Tx, batchId: string, made: readonly MadeRow[]): Promise<void> {
  const rows = made.map(({ codeId, number, sealedText }) => ({
    batch_id: batchId,
    number,
    code_id: codeId,
    sealed_text: sealedText,
  }));
  await forEachRow(
    tx,
    { batch_id: 'text', number: 'bigint', code_id: 'text', sealed_text: 'text' },
    rows,
    (r, from) => sql`update batch_rows set code_id = ${r.code_id}, sealed_text = ${r.sealed_text}
      ${from} where batch_rows.batch_id = ${r.batch_id} and batch_rows.number = ${r.number}`,
  );
}

export async function updateBatch(tx: Tx, id: string, change: Partial<BatchRow>): Promise<void> {
  await tx.db.updateTable('batches').set(change).where('id', '=', id).execute();
}

/** Wipes what was kept of the texts of a batch. */
export async function wipeTexts(
  tx: Tx,
  id: string,
  reason: NonNullable<BatchRow['texts_wiped_reason']>,
): Promise<void> {
  await sql`update batch_rows set sealed_text = null where batch_id = ${id} and sealed_text is not null`.execute(
    tx.db,
  );
  await updateBatch(tx, id, {
    texts_until_ms: null,
    texts_wiped_at_ms: tx.nowMs,
    texts_wiped_reason: reason,
  });
}

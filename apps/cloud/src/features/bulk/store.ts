import type { BulkChange } from '@edgeflow/contract';
import { sql } from 'kysely';
import type { RequestHashes } from '../../http/idempotency-key.ts';
import type { Database, Tx } from '../../storage/database.ts';
import type { BulkChangeRow } from '../../storage/device-tables.ts';
import { insertRows } from '../../storage/rows.ts';
import { storableJson } from '../../storage/text.ts';
import type { Operator } from '../identity/index.ts';

export interface NewBulk {
  readonly id: string;
  readonly operator: Operator;
  readonly change: BulkChange;
  readonly hashes: RequestHashes;
  /** The devices of each part. */
  readonly parts: readonly (readonly string[])[];
}

const partColumns = { bulk_id: 'text', part: 'bigint', device_ids: 'text' } as const;

export async function insertBulk(tx: Tx, { change, hashes, id, operator, parts }: NewBulk): Promise<void> {
  const { actor, organizationId } = operator;
  await tx.db
    .insertInto('bulk_changes')
    .values({
      id,
      organization_id: organizationId,
      actor_id: actor.id,
      address: actor.address,
      request_id: actor.requestId,
      change: storableJson(change),
      state: 'running',
      total: parts.reduce((sum, part) => sum + part.length, 0),
      parts: parts.length,
      next_part: 0,
      changed: 0,
      skipped: '{}',
      created_at_ms: tx.nowMs,
      beat_at_ms: tx.nowMs,
      finished_at_ms: null,
      request_hash: hashes.request,
      content_hash: hashes.content,
    })
    .execute();
  const rows = parts.map((ids, part) => ({ bulk_id: id, part, device_ids: JSON.stringify(ids) }));
  await insertRows(tx, 'bulk_parts', partColumns, rows);
}

/** How many changes of an organization are under way. */
export async function countRunning(tx: Tx, organizationId: string): Promise<number> {
  const found = await sql<{ n: number }>`select count(*) as n from bulk_changes
    where state = 'running' and organization_id = ${organizationId}`.execute(tx.db);
  return found.rows[0]?.n ?? 0;
}

export function readBulk(
  source: Database | Tx,
  organizationId: string,
  id: string,
): Promise<BulkChangeRow | undefined> {
  return source.db
    .selectFrom('bulk_changes')
    .selectAll()
    .where('id', '=', id)
    .where('organization_id', '=', organizationId)
    .executeTakeFirst();
}

export function bulkOfRequest(
  source: Database | Tx,
  organizationId: string,
  requestHash: string,
): Promise<BulkChangeRow | undefined> {
  return source.db
    .selectFrom('bulk_changes')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('request_hash', '=', requestHash)
    .executeTakeFirst();
}

/** A change that is under way, held until the commit: whoever works on it does one part after the other. */
export async function lockRunning(tx: Tx, id: string): Promise<BulkChangeRow | undefined> {
  const rows = await sql<BulkChangeRow>`select * from bulk_changes where id = ${id} and state = 'running'
    ${tx.forUpdate}`.execute(tx.db);
  return rows.rows[0];
}

/** The devices of the part that comes next, which is forgotten with this transaction. */
export async function takePart(tx: Tx, { id, next_part: part }: BulkChangeRow): Promise<string[]> {
  const taken = await sql<{ device_ids: string }>`delete from bulk_parts
    where bulk_id = ${id} and part = ${part} returning device_ids`.execute(tx.db);
  return JSON.parse(taken.rows[0]?.device_ids ?? '[]') as string[];
}

export async function noteProgress(
  tx: Tx,
  row: BulkChangeRow,
  changed: number,
  skipped: ReadonlyMap<string, number>,
): Promise<{ readonly isFinished: boolean }> {
  const sums = JSON.parse(row.skipped) as Record<string, number>;
  for (const [reason, count] of skipped) sums[reason] = (sums[reason] ?? 0) + count;
  const isFinished = row.next_part + 1 >= row.parts;
  await tx.db
    .updateTable('bulk_changes')
    .set({
      next_part: row.next_part + 1,
      changed: row.changed + changed,
      skipped: JSON.stringify(sums),
      beat_at_ms: tx.nowMs,
      ...(isFinished ? { state: 'finished', finished_at_ms: tx.nowMs } : {}),
    })
    .where('id', '=', row.id)
    .execute();
  return { isFinished };
}

/** Takes over changes of which nobody has said anything since `silentSinceMs`; each goes to one node alone. */
export async function takeOver(tx: Tx, silentSinceMs: number, limit: number): Promise<string[]> {
  const skipLocked = tx.kind === 'postgres' ? sql`for update skip locked` : sql``;
  const taken = await sql<{ id: string }>`update bulk_changes set beat_at_ms = ${tx.nowMs} where id in
      (select id from bulk_changes where state = 'running' and beat_at_ms < ${silentSinceMs}
        order by beat_at_ms limit ${limit} ${skipLocked})
    returning id`.execute(tx.db);
  return taken.rows.map(({ id }) => id);
}

/** Forgets changes that were finished before `beforeMs`. */
export async function forgetBulks(database: Database, beforeMs: number): Promise<void> {
  await sql`delete from bulk_changes where state = 'finished' and finished_at_ms < ${beforeMs}`.execute(
    database.db,
  );
}

import type { EventType, JsonObject } from '@edgeflow/contract';
import { sql } from 'kysely';
import type { Database, Tx } from '../../storage/database.ts';
import { type Forgetting, forgetInParts } from '../../storage/forgetting.ts';
import { insertRows } from '../../storage/rows.ts';

const columns = {
  organization_id: 'text',
  at_ms: 'bigint',
  type: 'text',
  object_id: 'text',
  data: 'text',
} as const;

/** Any constant: names the one lock that orders event numbers by commit. */
const eventsLock = 0x65_66_65_76;

export interface EventFact {
  readonly organizationId: string;
  readonly atMs: number;
  readonly type: EventType;
  /** The device, code or organization that it is about. */
  readonly objectId: string;
  readonly data: JsonObject;
}

export interface StoredEvent extends EventFact {
  readonly sequence: number;
}

/**
 * Writes events in the transaction that caused them; call it last in the transaction.
 *
 * With PostgreSQL a lock held until the commit makes numbers appear in the order of commits. Without it a reader
 * could see 8 before 7 is committed, resume after 8, and never see 7.
 */
export async function insertEvents(tx: Tx, facts: readonly EventFact[]): Promise<void> {
  if (facts.length === 0) return;
  if (tx.kind === 'postgres') await sql`select pg_advisory_xact_lock(${eventsLock})`.execute(tx.db);
  const rows = facts.map((fact) => ({
    organization_id: fact.organizationId,
    at_ms: fact.atMs,
    type: fact.type,
    object_id: fact.objectId,
    data: JSON.stringify(fact.data),
  }));
  await insertRows(tx, 'events', columns, rows);
}

/** The next events of one organization after `sequence`, oldest first. */
export async function eventsAfter(
  database: Database,
  organizationId: string,
  sequence: number,
  limit: number,
): Promise<StoredEvent[]> {
  const rows = await database.db
    .selectFrom('events')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('sequence', '>', sequence)
    .orderBy('sequence')
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    sequence: row.sequence,
    organizationId: row.organization_id,
    atMs: row.at_ms,
    type: row.type as EventType,
    objectId: row.object_id,
    data: JSON.parse(row.data) as JsonObject,
  }));
}

/** The newest number given out, over all organizations; 0 before the first event. */
export async function latestSequence(database: Database): Promise<number> {
  const row = await database.db
    .selectFrom('events')
    .select((expression) => expression.fn.max<number | null>('sequence').as('latest'))
    .executeTakeFirst();
  return row?.latest ?? 0;
}

/** Forgets all events older than `beforeMs`, at most `limit` at a time so that no other work waits long. */
export function forgetEvents(forgetting: Forgetting, beforeMs: number, limit: number): Promise<void> {
  // Only the oldest are looked at: numbers grow with time, so where one of them is young enough the rest is.
  const oldest = sql`delete from events where at_ms < ${beforeMs} and sequence in
    (select sequence from events order by sequence limit ${limit})`;
  return forgetInParts(forgetting, limit, oldest);
}

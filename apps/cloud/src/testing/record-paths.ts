import { listAuditQuerySchema, listCodesQuerySchema } from '@edgeflow/contract';
import { sql } from 'kysely';
import { listAudit } from '../features/audit/list.ts';
import { countBatches, countDevices } from '../features/batches/counts.ts';
import { reportRows } from '../features/batches/report.ts';
import { activeCodes, batchesToWipe } from '../features/batches/store.ts';
import { listCodes } from '../features/codes/list.ts';
import { readObjectAudit } from '../features/device-facts/timeline.ts';
import type { BatchRow } from '../storage/batch-tables.ts';
import type { Database, DatabaseKind, Tx } from '../storage/database.ts';

/** A query whose plan is held to be by index; see features/query-plans.test.ts. */
export interface HotPath {
  readonly name: string;
  /** In a transaction of which nothing remains. */
  readonly run?: (tx: Tx) => Promise<unknown>;
  /** Outside of one. */
  readonly read?: (database: Database) => Promise<unknown>;
  /** Without one of these it would read a whole table. */
  readonly indexes: readonly string[];
  /** Without them another index serves in their place, and more is read than need be. */
  readonly hasSubstitute?: true;
  /** The index gives the order, too: nothing is sorted, however much there is. */
  readonly isOrdered?: true;
  /** Where it is hot on one kind only, or the other has a way of its own. */
  readonly only?: DatabaseKind;
}

/** Beside the fleet of `insertFleet`: what was done to it, mostly by devices, and words for some of its codes. */
export async function insertRecords(database: Database): Promise<void> {
  const { db, kind } = database;
  await sql`insert into audit_log (organization_id, at_ms, actor_kind, actor_id, action, object_kind, object_id,
      outcome, detail)
    select 'org', created_at_ms, 'device', case when created_at_ms % 300 = 0 then 'tok_1' else id end,
      case when created_at_ms % 400 = 0 then 'code.revoke' else 'code.redeem' end, 'code', 'code ' || id,
      case when created_at_ms % 500 = 0 then 'failure' else 'success' end, '{}' from devices`.execute(db);
  await sql`update provisioning_codes set search_text = ' hall ' || used_device_id, created_at_ms = expires_at_ms,
      created_by = case when used_device_id < 'd00100' then 'tok_1' else 'tok_2' end,
      batch_id = case when used_device_id < 'd00900' then 'batch_1' end
    where used_device_id is not null`.execute(db);
  await sql`update provisioning_codes set state = 'revoked' where state = 'active' and id < 'code d00200'`.execute(
    db,
  );
  await sql`insert into batches (id, organization_id, created_at_ms, created_by, content_hash, ttl_seconds,
      expires_at_ms, rows_total, rows_done)
    select 'batch_' || cast(created_at_ms as text), 'org', created_at_ms, 'tok_1', '', 1, 1, 20000, 20000 from devices`.execute(
    db,
  );
  await sql`insert into batch_rows (batch_id, number, tags, code_id)
    select 'batch_' || cast(created_at_ms % 40 as text), created_at_ms, '[]', 'code ' || id from devices
    where created_at_ms % 40 > 0`.execute(db);
  await sql`insert into code_words (organization_id, word, code_id)
    select 'org', used_device_id, id from provisioning_codes where used_device_id is not null`.execute(db);
  if (kind === 'postgres') await sql`analyze`.execute(db);
}

const audit = (query: object) => (database: Database) =>
  listAudit(database, 'org', listAuditQuerySchema.parse(query));
const codes = (query: object) => async (database: Database) =>
  listCodes(database, 'org', listCodesQuerySchema.parse(query), await database.nowMs());

const auditPaths: readonly HotPath[] = [
  { name: 'the audit log', read: audit({}), indexes: ['audit_by_time'], only: 'sqlite' },
  {
    name: 'what was done to something',
    read: audit({ object: 'code d00777' }),
    indexes: ['audit_by_object'],
  },
  {
    name: 'the story of something',
    read: (database) =>
      readObjectAudit(database, { organizationId: 'org', objectId: 'd00777' }, [2 ** 52, 2 ** 52], 51),
    indexes: ['audit_by_object'],
    isOrdered: true,
  },
  {
    name: 'what somebody did',
    read: audit({ actor: 'tok_1', outcome: 'success' }),
    indexes: ['audit_by_actor'],
  },
  {
    name: 'what a device did',
    read: audit({ actor: 'dev_00000000000d0077' }),
    indexes: ['audit_by_object'],
  },
  { name: 'who did such a thing', read: audit({ action: 'code.revoke' }), indexes: ['audit_by_action'] },
  { name: 'what failed', read: audit({ outcome: 'failure' }), indexes: ['audit_failures'] },
  {
    name: 'what happened in an hour',
    read: audit({ since: '1970-01-01T00:00:10Z', until: '1970-01-01T00:00:11Z' }),
    indexes: ['audit_by_time'],
  },
];

const codePaths: readonly HotPath[] = [
  {
    name: 'all codes',
    read: codes({}),
    indexes: ['codes_by_time', 'provisioning_codes_pkey'],
    only: 'sqlite',
  },
  { name: 'codes of a state', read: codes({ status: 'revoked' }), indexes: ['codes_by_state'] },
  { name: 'codes of a batch', read: codes({ batch: 'batch_1' }), indexes: ['codes_by_batch'] },
  { name: 'codes of a maker', read: codes({ created_by: 'tok_1' }), indexes: ['codes_by_maker'] },
  {
    name: 'codes by their words',
    read: codes({ q: 'hall d007' }),
    indexes: ['code_words_pkey', 'provisioning_codes_pkey'],
  },
];

const batch = { id: 'batch_1', edition: 1, rows_done: 1, rows_total: 1, expires_at_ms: 1 } as BatchRow;

const batchPaths: readonly HotPath[] = [
  {
    name: 'the rows of a batch',
    read: (database) => reportRows(database, batch, { limit: 50, offset: 100 }, 1),
    indexes: ['batch_rows_pkey', 'provisioning_codes_pkey'],
  },
  {
    name: 'the rows of a batch whose device is online',
    read: (database) => reportRows(database, batch, { limit: 50, show: 'online' }, 1),
    indexes: ['batch_rows_pkey', 'provisioning_codes_pkey'],
    // PostgreSQL reads all codes where most of them are of this batch, as here.
    only: 'sqlite',
  },
  {
    name: 'what became of batches',
    read: (database) => countBatches(database, 'org', [batch], 1),
    indexes: ['codes_by_batch'],
  },
  {
    name: 'what became of the devices of a batch',
    read: (database) => countDevices(database, 'org', 'batch_1'),
    indexes: ['codes_by_batch'],
  },
  {
    name: 'what a batch may still be used for',
    run: (tx) => activeCodes(tx, 'org', 'batch_1'),
    indexes: ['codes_by_batch'],
  },
  {
    name: 'batches to wipe',
    read: (database) => batchesToWipe(database, 1, 50),
    indexes: ['batches_with_texts'],
  },
];

/**
 * Lists that grow to millions of rows. Where one organization has them all, PostgreSQL counts the first of them by
 * reading the table, which takes no longer.
 */
export const recordPaths: readonly HotPath[] = [...auditPaths, ...codePaths, ...batchPaths].map((path) => ({
  ...path,
  hasSubstitute: true,
}));

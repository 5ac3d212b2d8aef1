import type { CodeStatus, ListCodesQuery } from '@edgeflow/contract';
import { type ExpressionBuilder, type ExpressionWrapper, sql, type SqlBool } from 'kysely';
import type { Database, Tx } from '../../storage/database.ts';
import { insertRows } from '../../storage/rows.ts';
import type { CodeRow, Tables } from '../../storage/tables.ts';
import { countMade } from '../onboarding/index.ts';
import { byTime, isBehind, type Page, readPage } from '../page.ts';

/** Any constant: names the lock under which live short codes are counted and made. */
const shortCodesLock = 0x63_6f_64_65;

/** Live codes of two groups in the whole cloud. The lock keeps the count true until the commit. */
export async function countLiveShortCodes(tx: Tx): Promise<number> {
  if (tx.kind === 'postgres') await sql`select pg_advisory_xact_lock(${shortCodesLock})`.execute(tx.db);
  const { live } = await tx.db
    .selectFrom('provisioning_codes')
    .select((count) => count.fn.countAll<number>().as('live'))
    .where('state', '=', 'active')
    .where('group_count', '=', 2)
    .where('expires_at_ms', '>', tx.nowMs)
    .executeTakeFirstOrThrow();
  return live;
}

export type NewCode = Omit<
  CodeRow,
  | 'state'
  | 'revoked_at_ms'
  | 'used_at_ms'
  | 'used_address'
  | 'used_device_id'
  | 'used_credential_id'
  | 'claimant_hash'
  | 'answer_expires_at_ms'
  | 'failed_attempts'
  | 'last_failed_at_ms'
  | 'last_failed_reason'
>;

const columns = {
  id: 'text',
  organization_id: 'text',
  code_hash: 'text',
  server_key_id: 'text',
  group_count: 'bigint',
  state: 'text',
  name: 'text',
  batch_id: 'text',
  device_name: 'text',
  tags: 'text',
  device_group: 'text',
  bind_mac_address: 'text',
  bind_serial_number: 'text',
  bind_board_model: 'text',
  target_device_id: 'text',
  created_at_ms: 'bigint',
  created_by: 'text',
  expires_at_ms: 'bigint',
} as const;

/** Rejects as a whole when one of the codes exists already (a chance of one in 2^40 at worst). */
export async function insertCodes(tx: Tx, codes: readonly NewCode[]): Promise<void> {
  const rows = codes.map((code) => ({ ...code, state: 'active' }));
  await insertRows(tx, 'provisioning_codes', columns, rows);
  await countMade(tx, codes);
}

export async function readCode(
  database: Database | Tx,
  organizationId: string,
  id: string,
): Promise<CodeRow | undefined> {
  return database.db
    .selectFrom('provisioning_codes')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('id', '=', id)
    .executeTakeFirst();
}

/** Returns whether the code was active and is now revoked. */
export async function revokeCode(tx: Tx, organizationId: string, id: string): Promise<boolean> {
  const result = await tx.db
    .updateTable('provisioning_codes')
    .set({ state: 'revoked', revoked_at_ms: tx.nowMs })
    .where('organization_id', '=', organizationId)
    .where('id', '=', id)
    .where('state', '=', 'active')
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** One page, newest first. */
export async function listCodes(
  database: Database,
  organizationId: string,
  query: ListCodesQuery,
  nowMs: number,
): Promise<Page<CodeRow>> {
  let matching = database.db.selectFrom('provisioning_codes').where('organization_id', '=', organizationId);
  const { batch, status } = query;
  if (batch !== undefined) matching = matching.where('batch_id', '=', batch);
  if (status !== undefined) matching = matching.where((row) => hasStatus(row, status, nowMs));

  return readPage(query, {
    ...byTime,
    count: async () => {
      const counted = matching.select((rows) => rows.fn.countAll<number>().as('total'));
      return (await counted.executeTakeFirstOrThrow()).total;
    },
    read: (limit, { after, offset }) => {
      let page = matching.selectAll().orderBy('created_at_ms', 'desc').orderBy('id', 'desc').limit(limit);
      if (after !== undefined) page = page.where(isBehind(after));
      if (offset !== undefined) page = page.offset(offset);
      return page.execute();
    },
  });
}

function hasStatus(
  row: ExpressionBuilder<Tables, 'provisioning_codes'>,
  status: CodeStatus,
  nowMs: number,
): ExpressionWrapper<Tables, 'provisioning_codes', SqlBool> {
  switch (status) {
    case 'active':
      return row.and([row('state', '=', 'active'), row('expires_at_ms', '>', nowMs)]);
    case 'expired':
      return row.and([row('state', '=', 'active'), row('expires_at_ms', '<=', nowMs)]);
    case 'used':
    case 'revoked':
      return row('state', '=', status);
  }
}

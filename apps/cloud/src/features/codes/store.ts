import { sql } from 'kysely';
import type { Database, Tx } from '../../storage/database.ts';
import { insertRows, type Row } from '../../storage/rows.ts';
import type { CodeRow } from '../../storage/tables.ts';
import { countMade } from '../onboarding/index.ts';
import { searchWords, wordsText } from './words.ts';

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
  | 'search_text'
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
  search_text: 'text',
} as const;

const wordColumns = { organization_id: 'text', word: 'text', code_id: 'text' } as const;

/** Rejects as a whole when one of the codes exists already (a chance of one in 2^40 at worst). */
export async function insertCodes(tx: Tx, codes: readonly NewCode[]): Promise<void> {
  const words: Row<typeof wordColumns>[] = [];
  const rows = codes.map((code) => {
    const own = searchWords(code.name, code.device_name);
    for (const word of own) words.push({ organization_id: code.organization_id, word, code_id: code.id });
    return { ...code, state: 'active', search_text: wordsText(own) };
  });
  await insertRows(tx, 'provisioning_codes', columns, rows);
  await insertRows(tx, 'code_words', wordColumns, words);
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

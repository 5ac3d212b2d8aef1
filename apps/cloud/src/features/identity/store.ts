import { sql } from 'kysely';
import type { Database, Tx } from '../../storage/database.ts';
import type { OperatorTokenRow } from '../../storage/tables.ts';

/** Any constant: of several nodes that start at once, one makes the first organization. */
const firstOrganizationLock = 0x6f_72_67_31;

/** Names the fact that holds the id of the first organization. */
const firstOrganizationFact = 'first_organization';

/**
 * The organization that was made first: the bootstrap token acts for it. It is written down and not read from the
 * times of the rows, for a clock may have been wrong.
 */
export async function firstOrganization(tx: Tx): Promise<string | undefined> {
  if (tx.kind === 'postgres')
    await sql`select pg_advisory_xact_lock(${firstOrganizationLock})`.execute(tx.db);
  const row = await tx.db
    .selectFrom('server_facts')
    .select('value')
    .where('name', '=', firstOrganizationFact)
    .executeTakeFirst();
  return row?.value;
}

export async function rememberFirstOrganization(tx: Tx, id: string): Promise<void> {
  await tx.db.insertInto('server_facts').values({ name: firstOrganizationFact, value: id }).execute();
}

export async function insertOrganization(
  tx: Tx,
  organization: { readonly id: string; readonly name: string; readonly deviceLimit: number | null },
): Promise<void> {
  await tx.db
    .insertInto('organizations')
    .values({
      id: organization.id,
      name: organization.name,
      device_limit: organization.deviceLimit,
      device_count: 0,
      created_at_ms: tx.nowMs,
    })
    .execute();
}

export async function insertToken(tx: Tx, row: OperatorTokenRow): Promise<void> {
  await tx.db.insertInto('operator_tokens').values(row).execute();
}

export async function tokenByHash(database: Database, hash: string): Promise<OperatorTokenRow | undefined> {
  return database.db
    .selectFrom('operator_tokens')
    .selectAll()
    .where('token_hash', '=', hash)
    .executeTakeFirst();
}

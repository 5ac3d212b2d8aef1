import type { ClonePolicy, Organization } from '@edgeflow/contract';
import { sql } from 'kysely';
import type { Database, Tx } from '../../storage/database.ts';

/** The caller's own organization; locked where a transaction is open. */
export async function readOrganization(source: Database | Tx, id: string): Promise<Organization> {
  const lock = 'forUpdate' in source ? source.forUpdate : sql``;
  const rows =
    await sql<Organization>`select id as organization_id, name, clone_policy, device_count, device_limit, code_groups, code_ttl_seconds
    from organizations where id = ${id} ${lock}`.execute(source.db);
  const row = rows.rows[0];
  if (row === undefined) throw new Error('the organization of a credential is missing');
  return row;
}

export async function updateOrganization(
  tx: Tx,
  id: string,
  change: {
    readonly name: string;
    readonly clone_policy: ClonePolicy;
    readonly code_groups: number | null;
    readonly code_ttl_seconds: number | null;
  },
): Promise<void> {
  await tx.db.updateTable('organizations').set(change).where('id', '=', id).execute();
}

/** What a code of this organization gets that is made without saying; undefined: what the cloud is set to. */
export async function codeDefaults(
  tx: Tx,
  id: string,
): Promise<{ readonly groups: number | undefined; readonly ttlSeconds: number | undefined }> {
  const row = await tx.db
    .selectFrom('organizations')
    .select(['code_groups', 'code_ttl_seconds'])
    .where('id', '=', id)
    .executeTakeFirst();
  return { groups: row?.code_groups ?? undefined, ttlSeconds: row?.code_ttl_seconds ?? undefined };
}

import type { ClonePolicy, Organization } from '@edgeflow/contract';
import { sql } from 'kysely';
import type { Database, Tx } from '../../storage/database.ts';

/** The caller's own organization; locked where a transaction is open. */
export async function readOrganization(source: Database | Tx, id: string): Promise<Organization> {
  const lock = 'forUpdate' in source ? source.forUpdate : sql``;
  const rows =
    await sql<Organization>`select id as organization_id, name, clone_policy, device_count, device_limit
    from organizations where id = ${id} ${lock}`.execute(source.db);
  const row = rows.rows[0];
  if (row === undefined) throw new Error('the organization of a credential is missing');
  return row;
}

export async function updateOrganization(
  tx: Tx,
  id: string,
  change: { readonly name: string; readonly clone_policy: ClonePolicy },
): Promise<void> {
  await tx.db.updateTable('organizations').set(change).where('id', '=', id).execute();
}

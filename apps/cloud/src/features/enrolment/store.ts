import type { Onboarding } from '@edgeflow/contract';
import { toRfc3339 } from '@edgeflow/platform';
import type { Database } from '../../storage/database.ts';

export async function lastAttempt(
  database: Database,
  organizationId: string,
  codeId: string,
): Promise<Onboarding['last_attempt'] | undefined> {
  const row = await database.db
    .selectFrom('code_attempts')
    .selectAll()
    .where('code_id', '=', codeId)
    .where('organization_id', '=', organizationId)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const { at_ms: atMs, code_id: _, organization_id: __, ...facts } = row;
  return { at: toRfc3339(atMs), ...facts };
}

/** When the key that a code gave was first used; null until then. Rotations since do not change it. */
export async function firstUseOf(
  database: Database,
  organizationId: string,
  codeId: string,
): Promise<string | null> {
  const row = await database.db
    .selectFrom('provisioning_codes as c')
    .innerJoin('credentials as k', 'k.id', 'c.used_credential_id')
    .select('k.authenticated_at_ms as at_ms')
    .where('c.id', '=', codeId)
    .where('c.organization_id', '=', organizationId)
    .executeTakeFirst();
  return row?.at_ms === null || row?.at_ms === undefined ? null : toRfc3339(row.at_ms);
}

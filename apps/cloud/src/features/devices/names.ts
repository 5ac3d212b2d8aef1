import { sql } from 'kysely';
import type { Database } from '../../storage/database.ts';
import { jsonTexts } from '../../storage/json-texts.ts';

/** What these devices are called now, of those that have a name; deleted ones keep theirs. */
export async function deviceNames(
  database: Database,
  organizationId: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map();
  const found = await sql<{ id: string; name: string | null }>`select id, name from devices
    where id in ${jsonTexts(database.kind, ids)} and organization_id = ${organizationId}`.execute(
    database.db,
  );
  return new Map(found.rows.flatMap(({ id, name }) => (name === null ? [] : [[id, name] as const])));
}

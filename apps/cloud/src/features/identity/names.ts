import { sql } from 'kysely';
import type { Database } from '../../storage/database.ts';
import { jsonTexts } from '../../storage/json-texts.ts';

/** What the operators behind these public ids are called, of those that are known. */
export async function operatorNames(
  database: Database,
  organizationId: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const names = new Map<string, string>();
  if (ids.includes('bootstrap')) names.set('bootstrap', 'bootstrap token');
  const asked = ids.filter((id) => id.startsWith('tok_') || id.startsWith('usr_'));
  if (asked.length === 0) return names;
  // Whoever has left is still called by name: the ids are those of the organization's own records.
  const found = await sql<{ id: string; name: string }>`
    select id, name from operator_tokens
    where organization_id = ${organizationId} and id in ${jsonTexts(database.kind, asked)}
    union all select id, name from users where id in ${jsonTexts(database.kind, asked)}`.execute(database.db);
  for (const { id, name } of found.rows) names.set(id, name);
  return names;
}

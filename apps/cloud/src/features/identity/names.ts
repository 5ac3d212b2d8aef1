import { sql } from 'kysely';
import type { Database } from '../../storage/database.ts';
import { jsonTexts } from '../../storage/json-texts.ts';

interface Named {
  readonly id: string;
  readonly name: string | null;
}

/**
 * What the operators behind these public ids are called, of those that are known: members and tokens as they are called
 * now, and whoever has left, or was revoked, as in what they did here last. What somebody calls themselves elsewhere is
 * not shown here.
 */
export async function operatorNames(
  database: Database,
  organizationId: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const names = new Map<string, string>();
  if (ids.includes('bootstrap')) names.set('bootstrap', 'bootstrap token');
  const note = (found: readonly Named[]): void => {
    for (const { id, name } of found) if (name !== null) names.set(id, name);
  };
  const asked = ids.filter((id) => id.startsWith('tok_') || id.startsWith('usr_'));
  if (asked.length === 0) return names;
  note(await presentNames(database, organizationId, asked));
  const gone = asked.filter((id) => !names.has(id));
  if (gone.length > 0) note(await lastNames(database, organizationId, gone));
  return names;
}

async function presentNames(
  { db, kind }: Database,
  organizationId: string,
  ids: readonly string[],
): Promise<readonly Named[]> {
  const found = await sql<Named>`
    select id, name from operator_tokens
    where organization_id = ${organizationId} and id in ${jsonTexts(kind, ids)}
    union all select users.id, users.name from users
    join members on members.user_id = users.id and members.organization_id = ${organizationId}
    where users.id in ${jsonTexts(kind, ids)}`.execute(db);
  return found.rows;
}

async function lastNames(
  { db, kind }: Database,
  organizationId: string,
  ids: readonly string[],
): Promise<readonly Named[]> {
  const found = await sql<Named>`
    select value as id, (select actor_name from audit_log
      where organization_id = ${organizationId} and actor_id = value and actor_kind <> 'device'
        and actor_name is not null
      order by at_ms desc, sequence desc limit 1) as name
    from ${jsonTexts(kind, ids)} as asked`.execute(db);
  return found.rows;
}

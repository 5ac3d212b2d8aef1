import { existsSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { type Migration, Migrator } from 'kysely/migration';
import type { Database, DatabaseKind } from './database.ts';
import { firstSchema } from './migrations/0001-first.ts';
import { fewerIndexes } from './migrations/0002-fewer-indexes.ts';
import { clones } from './migrations/0003-clones.ts';
import { guesses } from './migrations/0004-guesses.ts';
import { people } from './migrations/0005-people.ts';
import { devices } from './migrations/0006-devices.ts';
import { overview } from './migrations/0007-overview.ts';
import { batches } from './migrations/0008-batches.ts';
import { attempts } from './migrations/0009-attempts.ts';
import { alerts } from './migrations/0010-alerts.ts';
import { repeatedBulks } from './migrations/0011-repeated-bulks.ts';
import { actorNames } from './migrations/0012-actor-names.ts';
import { mailedInvitations } from './migrations/0013-mailed-invitations.ts';
import { makePrivate } from './private-files.ts';

/** Every migration ever released, in order. Append only. */
function migrations(kind: DatabaseKind): Record<string, Migration> {
  return {
    '0001-first': firstSchema(kind),
    '0002-fewer-indexes': fewerIndexes,
    '0003-clones': clones,
    '0004-guesses': guesses(kind),
    '0005-people': people,
    '0006-devices': devices(kind),
    '0007-overview': overview,
    '0008-batches': batches(kind),
    '0009-attempts': attempts,
    '0010-alerts': alerts,
    '0011-repeated-bulks': repeatedBulks,
    '0012-actor-names': actorNames(kind),
    '0013-mailed-invitations': mailedInvitations,
  };
}

export class NewerSchemaError extends Error {
  constructor(names: readonly string[]) {
    super(
      `the database was written by a newer version of this program (it has ${names.join(', ')}). ` +
        'Start that version, or restore the copy that was made before the upgrade.',
    );
    this.name = 'NewerSchemaError';
  }
}

export interface MigrationReport {
  readonly applied: readonly string[];
  /** Path of the copy that was made first; undefined when there was nothing to lose. */
  readonly copy: string | undefined;
}

/**
 * Brings the schema up to date. An embedded database that already holds a schema is copied beside itself before
 * anything changes. A schema newer than this program is refused.
 *
 * @param known every migration by its name, in order
 */
export async function migrate(
  database: Database,
  embedded?: { readonly raw: DatabaseSync; readonly path: string },
  known: Readonly<Record<string, Migration>> = migrations(database.kind),
): Promise<MigrationReport> {
  const migrator = new Migrator({ db: database.db, provider: { getMigrations: async () => known } });
  const applied = await appliedNames(database);
  const newer = applied.filter((name) => !Object.hasOwn(known, name));
  if (newer.length > 0) throw new NewerSchemaError(newer);

  const pending = Object.keys(known).filter((name) => !applied.includes(name));
  let copy: string | undefined;
  if (embedded !== undefined && applied.length > 0 && pending.length > 0) {
    copy = unusedPath(`${embedded.path}.before-${pending[0] ?? ''}`);
    makePrivate(copy);
    embedded.raw.prepare('vacuum into ?').run(copy);
  }
  const { error, results } = await migrator.migrateToLatest();
  if (error !== undefined) throw new Error('the database could not be migrated', { cause: error });
  return { applied: (results ?? []).map((result) => result.migrationName), copy };
}

/** A copy never replaces an earlier one: the upgrade may have been tried before. */
function unusedPath(path: string): string {
  for (let number = 1; ; number += 1) {
    const candidate = number === 1 ? path : `${path}.${String(number)}`;
    if (!existsSync(candidate)) return candidate;
  }
}

async function appliedNames(database: Database): Promise<string[]> {
  const tables = await database.db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some((table) => table.name === 'kysely_migration')) return [];
  const rows = await database.db
    .$extendTables<{ kysely_migration: { name: string } }>()
    .selectFrom('kysely_migration')
    .select('name')
    .orderBy('name')
    .execute();
  return rows.map((row) => row.name);
}

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { systemClock } from '@edgeflow/platform';
import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Database, type DatabaseKind } from './database.ts';
import { migrate, NewerSchemaError } from './migrate.ts';
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
import { openDatabase } from './open.ts';
import { openSqlite } from './sqlite.ts';
import { databaseKinds, makeBareDatabase, makeDatabase, type TestDatabase } from './testing/databases.ts';
import { dumpSchema } from './testing/schema-dump.ts';

/** Names of the migrations that have been released, each with the schema it leaves, kept in migrations/testdata. */
const released = [
  '0001-first',
  '0002-fewer-indexes',
  '0003-clones',
  '0004-guesses',
  '0005-people',
  '0006-devices',
  '0007-overview',
  '0008-batches',
  '0009-attempts',
  '0010-alerts',
  '0011-repeated-bulks',
  '0012-actor-names',
  '0013-mailed-invitations',
];

const second: Migration = {
  up: async (db) => {
    await sql`alter table devices add column colour text`.execute(db);
  },
};
const failing: Migration = {
  up: async (db) => {
    await sql`create table half_done (id text)`.execute(db);
    await sql`this is no statement`.execute(db);
  },
};

function keptSchema(name: string, kind: DatabaseKind): string {
  return readFileSync(new URL(`migrations/testdata/${name}.${kind}.sql`, import.meta.url), 'utf8');
}

const openOptions = { clock: systemClock, onPoolError: () => undefined };

describe.each(databaseKinds)('migrations on %s', (kind) => {
  let store: TestDatabase;
  beforeEach(async () => {
    store = await makeDatabase(kind, systemClock);
  });
  afterEach(() => store.discard());

  const all = {
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

  it('make the schema of an empty database, and copy nothing', () => {
    expect(store.migrations).toEqual({ applied: released, copy: undefined });
  });

  it('do nothing the second time', async () => {
    const before = await dumpSchema(store.database);
    const again = await openDatabase(store.url, openOptions);
    expect(again.migrations).toEqual({ applied: [], copy: undefined });
    expect(await dumpSchema(again.database)).toBe(before);
    await again.database.close();
  });

  it('apply what has been added since, and keep the rows', async () => {
    await store.database.db.insertInto('server_facts').values({ name: 'n', value: 'v' }).execute();
    const report = await migrate(store.database, undefined, { ...all, '0099-second': second });
    expect(report.applied).toEqual(['0099-second']);
    expect(await dumpSchema(store.database)).toContain('colour text');
    expect(await store.database.db.selectFrom('server_facts').selectAll().execute()).toHaveLength(1);
  });

  it('leave nothing of one that fails, and may be tried again', async () => {
    const before = await dumpSchema(store.database);
    const trying = migrate(store.database, undefined, {
      ...all,
      '0099-second': second,
      '0100-failing': failing,
    });
    await expect(trying).rejects.toThrow('could not be migrated');
    expect(await dumpSchema(store.database)).toBe(before);
    expect((await migrate(store.database, undefined, { ...all, '0099-second': second })).applied).toEqual([
      '0099-second',
    ]);
  });

  it('refuse the schema of a newer program, name it, and change nothing', async () => {
    await migrate(store.database, undefined, { ...all, '0099-second': second });
    const before = await dumpSchema(store.database);
    const opening = openDatabase(store.url, openOptions);
    await expect(opening).rejects.toBeInstanceOf(NewerSchemaError);
    await expect(openDatabase(store.url, openOptions)).rejects.toThrow(
      /newer version of this program \(it has 0099-second\).*Start that version, or restore the copy/s,
    );
    expect(await dumpSchema(store.database)).toBe(before);
  });

  it.each(released)('%s still gives the schema it was released with', async (name) => {
    const known = Object.entries(all).filter(([other]) => other <= name);
    const bare = await makeBareDatabase(kind, systemClock);
    await migrate(bare.database, undefined, Object.fromEntries(known));
    expect(await dumpSchema(bare.database)).toBe(keptSchema(name, kind));
    await bare.discard();
  });

  it.each(released)('bring a database of %s to the schema of a new one', async (name) => {
    const old = await makeBareDatabase(kind, systemClock);
    for (const statement of keptSchema(name, kind)
      .split(/;\n/)
      .filter((text) => text !== '')) {
      await sql.raw(statement).execute(old.database.db);
    }
    await noteMigrations(old.database, released.slice(0, released.indexOf(name) + 1));
    const opened = await openDatabase(old.url, openOptions);
    expect(await dumpSchema(opened.database)).toBe(await dumpSchema(store.database));
    await opened.database.close();
    await old.discard();
  });

  it('0012-actor-names gives what operators did before the names of that moment, and nothing else one', async () => {
    const old = await makeBareDatabase(kind, systemClock);
    const { db } = old.database;
    const before = Object.entries(all).filter(([name]) => name < '0012');
    await migrate(old.database, undefined, Object.fromEntries(before));
    await sql`insert into organizations (id, name, created_at_ms) values ('org', 'Pumps', 1)`.execute(db);
    await sql`insert into users (id, name, email, email_verified, created_at_ms, updated_at_ms)
      values ('usr_1', 'Ada', 'ada@example.org', 0, 1, 1)`.execute(db);
    await sql`insert into operator_tokens (id, organization_id, name, role, token_hash, created_at_ms)
      values ('tok_1', 'org', 'nightly', 'viewer', 'hash', 1)`.execute(db);
    for (const [actorKind, id] of [
      ...[['operator', 'usr_1'] as const, ['operator', 'tok_1'] as const, ['operator', 'bootstrap'] as const],
      ...[['operator', 'tok_gone'] as const, ['device', 'usr_1'] as const],
    ])
      await sql`insert into audit_log (organization_id, at_ms, actor_kind, actor_id, action, outcome, detail)
        values ('org', 1, ${actorKind}, ${id}, 'code.create', 'success', '{}')`.execute(db);
    await migrate(old.database, undefined, all);
    const rows = await db.selectFrom('audit_log').select('actor_name').orderBy('sequence').execute();
    expect(rows.map((row) => row.actor_name)).toEqual(['Ada', 'nightly', 'bootstrap token', null, null]);
    await old.discard();
  });
});

/** The notes of the migrator, as it keeps them. */
async function noteMigrations(database: Database, names: readonly string[]): Promise<void> {
  await sql`create table kysely_migration (name varchar(255) not null primary key, timestamp varchar(255) not null)`.execute(
    database.db,
  );
  for (const name of names) {
    await sql`insert into kysely_migration values (${name}, '2026-02-21T12:00:00.000Z')`.execute(database.db);
  }
}

it('several nodes that start at once on an empty PostgreSQL make its schema once', async () => {
  const bare = await makeBareDatabase('postgres', systemClock);
  const opened = await Promise.all([1, 2, 3].map(() => openDatabase(bare.url, openOptions)));
  expect(opened.flatMap(({ migrations }) => migrations.applied)).toEqual(released);
  for (const { database } of opened) await database.close();
  await bare.discard();
});

describe('an embedded database', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'edgeflow-migrate-'));
    path = join(folder, 'edgeflow.db');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const all = {
    '0001-first': firstSchema('sqlite'),
    '0002-fewer-indexes': fewerIndexes,
    '0003-clones': clones,
    '0004-guesses': guesses('sqlite'),
    '0005-people': people,
    '0006-devices': devices('sqlite'),
    '0007-overview': overview,
    '0008-batches': batches('sqlite'),
    '0009-attempts': attempts,
    '0010-alerts': alerts,
    '0011-repeated-bulks': repeatedBulks,
    '0012-actor-names': actorNames('sqlite'),
    '0013-mailed-invitations': mailedInvitations,
  };

  async function upgrade(known: Readonly<Record<string, Migration>>): Promise<string | undefined> {
    const { kysely, raw } = openSqlite(path);
    const database = new Database('sqlite', kysely, systemClock);
    try {
      return (await migrate(database, { raw, path }, known)).copy;
    } finally {
      await database.close();
    }
  }

  function factsIn(file: string): unknown[] {
    const raw = new DatabaseSync(file, { readOnly: true });
    const rows = raw.prepare('select name, value from server_facts').all();
    raw.close();
    return rows.map((row) => ({ ...row }));
  }

  it('that is new is not copied', async () => {
    expect(await upgrade(all)).toBeUndefined();
    expect(await upgrade(all)).toBeUndefined();
  });

  it('with rows is copied beside itself before anything changes', async () => {
    await upgrade(all);
    const raw = new DatabaseSync(path);
    raw.exec(`insert into server_facts values ('precious', 'row')`);
    raw.close();
    const copy = await upgrade({ ...all, '0099-second': second });
    expect(copy).toBe(`${path}.before-0099-second`);
    expect(factsIn(copy ?? '')).toEqual([{ name: 'precious', value: 'row' }]);
    expect(factsIn(path)).toEqual([{ name: 'precious', value: 'row' }]);

    const restored = await openDatabase(`sqlite:${copy ?? ''}`, openOptions);
    expect(restored.migrations.applied).toEqual([]);
    await restored.database.close();
  });

  it('keeps every copy when an upgrade has to be tried again', async () => {
    await upgrade(all);
    await expect(upgrade({ ...all, '0099-failing': failing })).rejects.toThrow('could not be migrated');
    expect(existsSync(`${path}.before-0099-failing`)).toBe(true);
    const copy = await upgrade({ ...all, '0099-failing': second });
    expect(basename(copy ?? '')).toBe('edgeflow.db.before-0099-failing.2');
  });

  it('is closed again when it cannot be used', async () => {
    await upgrade({ ...all, '0099-second': second });
    await expect(openDatabase(`sqlite:${path}`, openOptions)).rejects.toThrow(NewerSchemaError);
    const raw = new DatabaseSync(path, { timeout: 0 });
    raw.exec('pragma locking_mode = exclusive');
    raw.exec('begin exclusive');
    raw.close();
  });
});

import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@edgeflow/platform';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Database } from './database.ts';
import { migrate } from './migrate.ts';
import { openDatabase, type OpenedDatabase } from './open.ts';
import { openSqlite } from './sqlite.ts';

describe('the files of an embedded database', () => {
  let folder: string;
  let path: string;
  const opened: OpenedDatabase[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'edgeflow-private-'));
    // As one that somebody else has made.
    chmodSync(folder, 0o755);
    path = join(folder, 'edgeflow.db');
  });
  afterEach(async () => {
    for (const one of opened.splice(0)) await one.database.close();
    rmSync(folder, { recursive: true });
  });

  async function open(): Promise<OpenedDatabase> {
    const one = await openDatabase(`sqlite:${path}`, { clock: systemClock, onPoolError: () => undefined });
    opened.push(one);
    return one;
  }

  function modes(): Record<string, string> {
    const names = readdirSync(folder).map((name) => name.replace('edgeflow.db', 'db'));
    return Object.fromEntries(
      names.map((name) => [
        name,
        (statSync(join(folder, name.replace('db', 'edgeflow.db'))).mode & 0o777).toString(8),
      ]),
    );
  }

  it('are read by nobody else from their first byte on, in a folder that everybody may read', async () => {
    expect((await open()).openFiles).toEqual([]);
    expect(modes()).toEqual({ db: '600', 'db-shm': '600', 'db-wal': '600' });
  });

  it('are closed to others where they were open, with what stands beside them', async () => {
    await open();
    for (const name of [path, `${path}-wal`, `${path}-shm`]) chmodSync(name, 0o644);
    writeFileSync(`${path}.before-0002`, '', { mode: 0o644 });
    writeFileSync(join(folder, 'notes'), '', { mode: 0o644 });
    chmodSync(join(folder, 'notes'), 0o644);
    expect((await open()).openFiles).toEqual([]);
    expect(modes()).toEqual({
      ...{ db: '600', 'db-shm': '600', 'db-wal': '600', 'db.before-0002': '600' },
      // Is none of its own.
      notes: '644',
    });
  });

  it('are private also as the copy that is made before an upgrade', async () => {
    await open();
    const { kysely, raw } = openSqlite(path);
    const database = new Database('sqlite', kysely, systemClock);
    const names = (await database.db.introspection.getTables({ withInternalKyselyTables: true })).map(
      ({ name }) => name,
    );
    expect(names).toContain('kysely_migration');
    const applied = raw.prepare('select name from kysely_migration').all();
    const nothing = { up: () => Promise.resolve() };
    const known = Object.fromEntries([
      ...applied.map(({ name }) => [String(name), nothing]),
      ['0099-next', nothing],
    ]);
    await migrate(database, { raw, path }, known);
    await database.close();
    expect(modes()).toMatchObject({ 'db.before-0099-next': '600' });
  });
});

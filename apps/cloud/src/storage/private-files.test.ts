import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@edgeflow/platform';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Database } from './database.ts';
import { migrate } from './migrate.ts';
import { openDatabase, type OpenedDatabase } from './open.ts';
import { FolderNamedError } from './private-files.ts';
import { openSqlite } from './sqlite.ts';

const nobody = 65_534;

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

  async function open(name = path): Promise<OpenedDatabase> {
    const one = await openDatabase(`sqlite:${name}`, { clock: systemClock, onPoolError: () => undefined });
    opened.push(one);
    return one;
  }

  const modeOf = (name: string): string => (statSync(name).mode & 0o777).toString(8);

  function modes(of = folder): Record<string, string> {
    const names = readdirSync(of);
    return Object.fromEntries(
      names.map((name) => [name.replace('edgeflow.db', 'db'), modeOf(join(of, name))]),
    );
  }

  /** As somebody else may read it, whatever the umask. */
  function write(name: string, text: string): void {
    writeFileSync(name, text);
    chmodSync(name, 0o644);
  }

  it('are read by nobody else from their first byte on, in a folder that everybody may read', async () => {
    expect((await open()).openFiles).toEqual([]);
    expect(modes()).toEqual({ db: '600', 'db-shm': '600', 'db-wal': '600' });
  });

  it('are closed to others where they were open, with what stands beside them', async () => {
    await open();
    for (const name of [path, `${path}-wal`, `${path}-shm`]) chmodSync(name, 0o644);
    write(`${path}.before-0002`, '');
    write(join(folder, 'notes'), '');
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

  describe('behind a link', () => {
    let real: string;
    beforeEach(() => {
      real = join(folder, 'disk');
      mkdirSync(real);
      chmodSync(real, 0o755);
      symlinkSync(join(real, 'real.db'), path);
    });

    it('are private where the link leads, also when nothing is there yet', async () => {
      expect((await open()).openFiles).toEqual([]);
      expect(modes(real)).toEqual({ 'real.db': '600', 'real.db-shm': '600', 'real.db-wal': '600' });
    });

    it('are closed to others there, and the copies beside the link, too', async () => {
      await open();
      for (const name of readdirSync(real)) chmodSync(join(real, name), 0o644);
      write(`${path}.before-0002`, '');
      expect((await open()).openFiles).toEqual([]);
      expect(modes(real)).toEqual({ 'real.db': '600', 'real.db-shm': '600', 'real.db-wal': '600' });
      expect(modeOf(`${path}.before-0002`)).toBe('600');
    });
  });

  it('are closed to others also in a folder whose names their user may not list', async () => {
    await (await open()).database.close();
    opened.pop();
    chmodSync(path, 0o644);
    const isRoot = process.getuid?.() === 0;
    // Whom a folder's mode binds.
    if (isRoot) for (const name of [path, folder]) chownSync(name, nobody, nobody);
    chmodSync(folder, 0o311);
    if (isRoot) process.seteuid?.(nobody);
    try {
      expect(() => readdirSync(folder)).toThrow('EACCES');
      await (await open()).database.close();
      opened.pop();
    } finally {
      if (isRoot) process.seteuid?.(0);
      chmodSync(folder, 0o755);
    }
    expect(modeOf(path)).toBe('600');
  });
});

describe('what is no embedded database', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'edgeflow-other-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const open = (name: string): Promise<OpenedDatabase> =>
    openDatabase(`sqlite:${name}`, { clock: systemClock, onPoolError: () => undefined });

  it('is left as it is where it is a folder, which is said', async () => {
    chmodSync(folder, 0o755);
    await expect(open(folder)).rejects.toThrow(FolderNamedError);
    symlinkSync(folder, join(folder, 'link'));
    await expect(open(join(folder, 'link'))).rejects.toThrow(FolderNamedError);
    expect(statSync(folder).mode & 0o7777).toBe(0o755);
  });

  it('is left as it is where it is a file of something else, with what stands beside it', async () => {
    const path = join(folder, 'notes');
    const files = [path, `${path}-wal`, `${path}.before-lunch`];
    for (const name of files) {
      writeFileSync(name, 'SQLite format 3, they say');
      chmodSync(name, 0o644);
    }
    await expect(open(path)).rejects.toThrow('file is not a database');
    for (const name of files) {
      expect(statSync(name).mode & 0o777, name).toBe(0o644);
      expect(readFileSync(name, 'utf8')).toBe('SQLite format 3, they say');
    }
  });

  it('is left as it is beside a database, where it only has a name like one of its own', async () => {
    const path = join(folder, 'edgeflow.db');
    const notes = join(folder, 'notes');
    writeFileSync(notes, 'a shopping list');
    chmodSync(notes, 0o644);
    writeFileSync(`${path}.before-lunch`, 'a shopping list');
    chmodSync(`${path}.before-lunch`, 0o644);
    mkdirSync(`${path}.before-folder`);
    chmodSync(`${path}.before-folder`, 0o755);
    symlinkSync(notes, `${path}.before-link`);
    await (await open(path)).database.close();
    const modeOf = (name: string): number => statSync(name).mode & 0o777;
    expect([notes, `${path}.before-lunch`, `${path}.before-folder`].map(modeOf)).toEqual([
      ...[0o644, 0o644, 0o755],
    ]);
  });
});

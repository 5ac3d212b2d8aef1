import { isAbsolute, resolve } from 'node:path';
import type { Clock } from '@edgeflow/platform';
import { Database } from './database.ts';
import { migrate, type MigrationReport } from './migrate.ts';
import { openPostgres } from './postgres.ts';
import { keepPrivate } from './private-files.ts';
import { openSqlite } from './sqlite.ts';

export interface OpenedDatabase {
  readonly database: Database;
  /** Absolute path of the file, or `postgres://host/name` without credentials: for people. */
  readonly place: string;
  readonly migrations: MigrationReport;
  /** Files of an embedded database that others on this machine may read, and that this user cannot close to them. */
  readonly openFiles: readonly string[];
}

export interface OpenOptions {
  readonly clock: Clock;
  /** Called when an idle connection breaks; the pool replaces it. */
  readonly onPoolError: (error: Error) => void;
}

/**
 * Opens `sqlite:<path>`, `sqlite::memory:` or `postgres://…` and brings its schema up to date.
 * The folder of an embedded database must exist; its files are made private.
 */
export async function openDatabase(url: string, options: OpenOptions): Promise<OpenedDatabase> {
  if (!url.startsWith('sqlite:')) {
    const { kysely } = openPostgres(url, options.onPoolError);
    const database = new Database('postgres', kysely, options.clock);
    return closeOnFailure(database, async () => {
      const migrations = await migrate(database);
      return { database, place: withoutCredentials(url), migrations, openFiles: [] };
    });
  }
  const name = url.slice('sqlite:'.length);
  const path = name === ':memory:' || isAbsolute(name) ? name : resolve(name);
  const openFiles = name === ':memory:' ? [] : keepPrivate(path);
  const { kysely, raw } = openSqlite(path);
  const database = new Database('sqlite', kysely, options.clock);
  return closeOnFailure(database, async () => {
    const migrations = await migrate(database, { raw, path });
    return { database, place: path, migrations, openFiles };
  });
}

async function closeOnFailure<T>(database: Database, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await database.close();
    throw error;
  }
}

function withoutCredentials(url: string): string {
  const parsed = new URL(url);
  return `postgres://${parsed.host}${parsed.pathname}`;
}

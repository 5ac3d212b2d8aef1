import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '@edgeflow/platform';
import pg from 'pg';
import { inject } from 'vitest';
import { Database, type DatabaseKind } from '../database.ts';
import { openDatabase, type OpenedDatabase } from '../open.ts';
import { openPostgres } from '../postgres.ts';
import { openSqlite } from '../sqlite.ts';

export const databaseKinds: readonly DatabaseKind[] = ['sqlite', 'postgres'];

export interface TestDatabase extends OpenedDatabase {
  readonly url: string;
  /** Closes it and removes every trace. */
  discard(): Promise<void>;
}

/** The same before its first migration. */
export type BareDatabase = Pick<TestDatabase, 'database' | 'url' | 'discard'>;

/** A new, empty, migrated database of the kind asked for: a real file, or a database in the real server. */
export async function makeDatabase(kind: DatabaseKind, clock: Clock): Promise<TestDatabase> {
  const { remove, url } = await makePlace(kind);
  const opened = await openDatabase(url, { clock, onPoolError: () => undefined });
  return { ...opened, url, discard: () => opened.database.close().then(remove) };
}

/** A new database with nothing in it, not even a schema. */
export async function makeBareDatabase(kind: DatabaseKind, clock: Clock): Promise<BareDatabase> {
  const { remove, url } = await makePlace(kind);
  const { kysely } =
    kind === 'sqlite' ? openSqlite(url.slice('sqlite:'.length)) : openPostgres(url, () => undefined);
  const database = new Database(kind, kysely, clock);
  return { database, url, discard: () => database.close().then(remove) };
}

interface Place {
  readonly url: string;
  readonly remove: () => Promise<void>;
}

let made = 0;

async function makePlace(kind: DatabaseKind): Promise<Place> {
  if (kind === 'sqlite') {
    const folder = mkdtempSync(join(tmpdir(), 'edgeflow-sqlite-'));
    const remove = async (): Promise<void> => {
      rmSync(folder, { recursive: true, force: true });
    };
    return { url: `sqlite:${join(folder, 'test.db')}`, remove };
  }
  made += 1;
  const name = `t_${String(process.pid)}_${String(made)}`;
  await asAdministrator(`create database ${name}`);
  const url = new URL(inject('postgresUrl'));
  url.pathname = `/${name}`;
  return { url: url.href, remove: () => asAdministrator(`drop database ${name} with (force)`) };
}

async function asAdministrator(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: inject('postgresUrl') });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

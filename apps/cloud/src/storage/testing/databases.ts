import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '@edgeflow/platform';
import pg from 'pg';
import { inject } from 'vitest';
import type { DatabaseKind } from '../database.ts';
import { openDatabase, type OpenedDatabase } from '../open.ts';

export const databaseKinds: readonly DatabaseKind[] = ['sqlite', 'postgres'];

export interface TestDatabase extends OpenedDatabase {
  readonly url: string;
  /** Closes it and removes every trace. */
  discard(): Promise<void>;
}

let made = 0;

/** A new, empty, migrated database of the kind asked for: a real file, or a database in the real server. */
export async function makeDatabase(kind: DatabaseKind, clock: Clock): Promise<TestDatabase> {
  return kind === 'sqlite' ? makeSqlite(clock) : makePostgres(clock);
}

async function makeSqlite(clock: Clock): Promise<TestDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'edgeflow-sqlite-'));
  const url = `sqlite:${join(folder, 'test.db')}`;
  const opened = await openDatabase(url, { clock, onPoolError: () => undefined });
  return {
    ...opened,
    url,
    discard: async () => {
      await opened.database.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function makePostgres(clock: Clock): Promise<TestDatabase> {
  made += 1;
  const name = `t_${String(process.pid)}_${String(made)}`;
  await asAdministrator(`create database ${name}`);
  const url = new URL(inject('postgresUrl'));
  url.pathname = `/${name}`;
  const opened = await openDatabase(url.href, { clock, onPoolError: () => undefined });
  return {
    ...opened,
    url: url.href,
    discard: async () => {
      await opened.database.close();
      await asAdministrator(`drop database ${name} with (force)`);
    },
  };
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

import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { Kysely, SqliteAdapter, SqliteDialect } from 'kysely';
import { RowParameters, type SqliteValue } from './row-parameters.ts';
import type { Tables } from './tables.ts';
import { storableText } from './text.ts';

/** Prepared statements kept; queries are built from constant texts, so a handful suffices. */
const statementsMax = 500;

/**
 * Kysely over the SQLite that is inside Node. One connection: Kysely's driver hands it out to one transaction or
 * statement at a time. WAL with synchronous=FULL: a commit that has returned survives a power cut.
 */
export function openSqlite(path: string): { kysely: Kysely<Tables>; raw: DatabaseSync } {
  const raw = new DatabaseSync(path, { timeout: 5_000 });
  raw.exec('pragma journal_mode = wal');
  raw.exec('pragma synchronous = full');
  raw.exec('pragma foreign_keys = on');
  // Pages, 64 MiB: rows with random keys dirty the same pages of the indexes again and again, and a checkpoint writes
  // each of them once.
  raw.exec('pragma wal_autocheckpoint = 16000');
  raw.exec('pragma cache_size = -32000');
  return { kysely: new Kysely<Tables>({ dialect: new Dialect({ database: adapt(raw) }) }), raw };
}

/** A migration that fails half-way leaves nothing: SQLite's tables are made in transactions like its rows. */
class Adapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

class Dialect extends SqliteDialect {
  override createAdapter(): SqliteAdapter {
    return new Adapter();
  }
}

interface Statement {
  readonly reader: boolean;
  all(parameters: readonly unknown[]): unknown[];
  run(parameters: readonly unknown[]): { changes: number | bigint; lastInsertRowid: number | bigint };
  iterate(parameters: readonly unknown[]): IterableIterator<unknown>;
}

/** `node:sqlite` in the shape that Kysely's SQLite dialect expects (better-sqlite3's). */
function adapt(raw: DatabaseSync): { close(): void; prepare(sql: string): Statement } {
  const statements = new Map<string, Statement>();
  return {
    close: () => {
      statements.clear();
      raw.close();
    },
    prepare: (sql) => {
      const known = statements.get(sql);
      if (known !== undefined) return known;
      // A transaction takes the write lock at once: one that starts by reading could otherwise fail to upgrade.
      const statement = adaptStatement(raw.prepare(sql === 'begin' ? 'begin immediate' : sql));
      if (statements.size >= statementsMax) statements.clear();
      statements.set(sql, statement);
      return statement;
    },
  };
}

function adaptStatement(statement: StatementSync): Statement {
  const values = (parameters: readonly unknown[]): SqliteValue[] => parameters.map(toSqliteValue);
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => {
      const [first] = parameters;
      if (first instanceof RowParameters) return first.rows.flatMap((row) => statement.all(...values(row)));
      return statement.all(...values(parameters));
    },
    run: (parameters) => {
      const [first] = parameters;
      if (!(first instanceof RowParameters)) return statement.run(...values(parameters));
      let total = 0;
      for (const row of first.rows) total += Number(statement.run(...values(row)).changes);
      return { changes: total, lastInsertRowid: 0 };
    },
    iterate: (parameters) => statement.iterate(...values(parameters)),
  };
}

function toSqliteValue(value: unknown): SqliteValue {
  if (typeof value === 'string') return storableText(value);
  if (value === null || typeof value === 'number' || typeof value === 'bigint') return value;
  if (value instanceof Uint8Array) return value;
  throw new TypeError(`a ${typeof value} cannot be stored; rows hold text, numbers and null`);
}

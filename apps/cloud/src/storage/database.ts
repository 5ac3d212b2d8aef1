import type { Clock } from '@edgeflow/platform';
import { type Kysely, sql, type Transaction } from 'kysely';
import type { Tables } from './tables.ts';

export type DatabaseKind = 'sqlite' | 'postgres';

/** A transaction that is open. */
export interface Tx {
  readonly kind: DatabaseKind;
  readonly db: Transaction<Tables>;
  /** The time that judges every expiry in this transaction: PostgreSQL's own clock, or this server's with SQLite. */
  readonly nowMs: number;
  /**
   * `for no key update` where several connections write; nothing where the transaction already owns the database. No
   * key ever changes, and a stronger lock would make inserts that merely refer to the row wait.
   */
  readonly forUpdate: ReturnType<typeof sql>;
}

/** The commit was sent and not confirmed: the work may or may not be durable. */
export class CommitUnknownError extends Error {
  constructor(cause: unknown) {
    super('the commit was not confirmed', { cause });
    this.name = 'CommitUnknownError';
  }
}

/** One store for everything, in SQLite or PostgreSQL. */
export class Database {
  readonly kind: DatabaseKind;
  /** For single reads outside transactions. */
  readonly db: Kysely<Tables>;
  readonly #clock: Clock;

  constructor(kind: DatabaseKind, db: Kysely<Tables>, clock: Clock) {
    this.kind = kind;
    this.db = db;
    this.#clock = clock;
  }

  /** The time that judges expiries, in milliseconds since 1970. */
  async nowMs(): Promise<number> {
    return this.kind === 'sqlite' ? this.#clock.now() : databaseTime(this.db);
  }

  /**
   * Runs `work` in one transaction. Resolves after a confirmed commit. Rejects with the work's own error after a
   * rollback, or with {@link CommitUnknownError} when the commit itself failed.
   */
  async transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    const db = await this.db.startTransaction().execute();
    let result: T;
    try {
      const nowMs = this.kind === 'sqlite' ? this.#clock.now() : await databaseTime(db);
      const forUpdate = this.kind === 'sqlite' ? sql`` : sql`for no key update`;
      result = await work({ kind: this.kind, db, nowMs, forUpdate });
    } catch (error) {
      await rollBackQuietly(db.rollback());
      throw error;
    }
    try {
      await db.commit().execute();
    } catch (error) {
      await rollBackQuietly(db.rollback());
      throw new CommitUnknownError(error);
    }
    return result;
  }

  close(): Promise<void> {
    return this.db.destroy();
  }
}

async function databaseTime(db: Kysely<Tables>): Promise<number> {
  const answer = await sql<{ now_ms: number }>`
    select (extract(epoch from clock_timestamp()) * 1000)::bigint as now_ms`.execute(db);
  const nowMs = answer.rows[0]?.now_ms;
  if (nowMs === undefined) throw new Error('the database did not tell the time');
  return nowMs;
}

/** The first error is the one that matters; a rollback fails only on a connection that is lost anyway. */
async function rollBackQuietly(rollback: { execute(): Promise<unknown> }): Promise<void> {
  try {
    await rollback.execute();
  } catch {
    // The connection is gone, and with it the transaction.
  }
}

import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import type { Tables } from './tables.ts';

const connectionsMax = 10;
const connectTimeoutMs = 5_000;
/** A statement that waits longer than this for locks or the disk fails; the caller hears 503 and may retry. */
const statementTimeoutMs = 15_000;
const int8Oid = 20;

/** Kysely over PostgreSQL. `synchronous_commit` is forced on: an answer is given only for what is durable. */
export function openPostgres(
  url: string,
  onPoolError: (error: Error) => void,
): { kysely: Kysely<Tables>; pool: pg.Pool } {
  const pool = new pg.Pool({
    connectionString: url,
    max: connectionsMax,
    connectionTimeoutMillis: connectTimeoutMs,
    options: `-c synchronous_commit=on -c statement_timeout=${String(statementTimeoutMs)} -c timezone=UTC`,
    application_name: 'edgeflow-cloud',
    types: { getTypeParser },
  });
  // An idle connection that breaks would otherwise end the process.
  pool.on('error', onPoolError);
  return { kysely: new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) }), pool };
}

/** Counts and times are bigint columns whose values stay far below 2^53. */
const getTypeParser: typeof pg.types.getTypeParser = (oid: number, format?: 'text' | 'binary') => {
  if (oid === int8Oid) return Number;
  return pg.types.getTypeParser(oid, format as 'text');
};

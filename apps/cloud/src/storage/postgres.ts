import { Kysely, PostgresDialect, PostgresQueryCompiler } from 'kysely';
import pg from 'pg';
import type { Tables } from './tables.ts';
import { storableText } from './text.ts';

const connectionsMax = 10;
const connectTimeoutMs = 5_000;
/** A statement that waits longer than this for locks or the disk fails; the caller hears 503 and may retry. */
const statementTimeoutMs = 15_000;

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
    types,
  });
  // A connection that breaks while it is idle, or between two statements, would otherwise end the process. Whoever
  // uses it hears of it from the next statement.
  pool.on('error', onPoolError);
  pool.on('connect', (client) => client.on('error', ignoreError));
  return { kysely: new Kysely<Tables>({ dialect: new Dialect({ pool }) }), pool };
}

function ignoreError(): void {
  // See the caller.
}

class QueryCompiler extends PostgresQueryCompiler {
  protected override addParameter(parameter: unknown): void {
    super.addParameter(typeof parameter === 'string' ? storableText(parameter) : parameter);
  }
}

class Dialect extends PostgresDialect {
  override createQueryCompiler(): PostgresQueryCompiler {
    return new QueryCompiler();
  }
}

const { builtins, getTypeParser } = pg.types;

/** Counts and times are bigint columns whose values stay far below 2^53. */
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid, format): ((text: string) => unknown) =>
    oid === builtins.INT8 ? Number : (getTypeParser(oid, format) as (text: string) => unknown),
};

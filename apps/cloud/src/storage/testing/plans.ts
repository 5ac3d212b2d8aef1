import type { Clock } from '@edgeflow/platform';
import { CompiledQuery, type KyselyPlugin } from 'kysely';
import { Database, type Tx } from '../database.ts';

/** A statement as it was sent. */
export interface Statement {
  readonly text: string;
  readonly parameters: readonly unknown[];
}

/** The same database, and every statement that is sent over it. Those that run once for many rows come without these. */
export function recordStatements(
  real: Database,
  clock: Clock,
): { readonly database: Database; readonly statements: Statement[] } {
  const statements: Statement[] = [];
  const executor = real.db.getExecutor();
  const plugin: KyselyPlugin = {
    transformQuery: ({ node, queryId }) => {
      const { parameters, sql: text } = executor.compileQuery(node, queryId);
      statements.push({ text, parameters });
      return node;
    },
    transformResult: ({ result }) => Promise.resolve(result),
  };
  return { database: new Database(real.kind, real.db.withPlugin(plugin), clock), statements };
}

/** How the database would run a statement, a line a step. */
export async function planOf(
  { db, kind }: Pick<Tx, 'kind' | 'db'>,
  { parameters, text }: Statement,
): Promise<string[]> {
  const explain = kind === 'sqlite' ? 'explain query plan' : 'explain (costs off)';
  const { rows } = await db.executeQuery<Record<string, unknown>>(
    CompiledQuery.raw(`${explain} ${text}`, [...parameters]),
  );
  return rows.map((row) => String(kind === 'sqlite' ? row['detail'] : row['QUERY PLAN']));
}

/** Steps of a plan that read the whole of a table, by itself or by one of its indexes. */
export function fullScans(plan: readonly string[], tables: readonly string[]): string[] {
  const inPostgres = new RegExp(`Seq Scan on (${tables.join('|')})\\b`);
  // SQLite names a table by its alias, and reads all of it for an index of the moment. Lists that are parameters are
  // virtual tables; `few`, `matching` and `best` are what a part of the statement has found already.
  const inSqlite = /^SCAN (?!json_each |t |CONSTANT |few$|matching|best)| AUTOMATIC /;
  return plan.filter((step, at) => {
    const isByIndex = /^ *(->)? *Index (Only )?Scan/.test(step);
    const isWhole = isByIndex && !(plan[at + 1] ?? '').includes('Index Cond');
    return isWhole || inPostgres.test(step) || inSqlite.test(step);
  });
}

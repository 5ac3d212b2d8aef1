import { type QueryResult, type RawBuilder, sql } from 'kysely';
import type { Tx } from './database.ts';
import { RowParameters, type SqliteValue } from './row-parameters.ts';
import { storableJson } from './text.ts';

export type ColumnKind = 'text' | 'bigint';
export type Columns = Readonly<Record<string, ColumnKind>>;

export type Row<C extends Columns> = {
  readonly [Name in keyof C]: C[Name] extends 'text' ? string | null : number | null;
};

/** Where statements run: a transaction, also one of a migration. */
interface RowsTarget {
  readonly kind: Tx['kind'];
  readonly db: Pick<Tx['db'], 'executeQuery' | 'getExecutor'>;
}

/** How a statement names the members of the row it is run for. */
type References<C extends Columns> = { readonly [Name in keyof C]: RawBuilder<unknown> };

/**
 * Runs one statement for many rows as one query: `update … set x = ${r.x} ${from} where id = ${r.id}`. The text of
 * the statement does not depend on the number of rows, so it is prepared once.
 *
 * PostgreSQL gets all rows as one JSON parameter, which is one round trip. SQLite has no round trips to save, and
 * binding the values of each row costs half of what reading them out of JSON does.
 *
 * @param columns in the order in which the values are bound
 * @param statement may use values from the row alone, no parameters of its own
 * @returns what all rows together changed or returned
 */
export async function forEachRow<C extends Columns, Returned = unknown>(
  tx: RowsTarget,
  columns: C,
  rows: readonly Row<C>[],
  statement: (r: References<C>, from: RawBuilder<unknown>) => RawBuilder<Returned>,
): Promise<QueryResult<Returned>> {
  if (rows.length === 0) return { rows: [], numAffectedRows: 0n };
  const names: readonly (keyof C & string)[] = Object.keys(columns);
  if (tx.kind === 'postgres') {
    const references = referencesTo(names, (name) => `r.${name}`) as References<C>;
    const types = names.map((name) => `${name} ${columns[name] ?? 'text'}`).join(', ');
    const from = sql`from json_to_recordset(${storableJson(rows)}::json) as ${sql.raw(`r(${types})`)}`;
    return statement(references, from).execute(tx.db);
  }
  const references = referencesTo(names, (_, index) => `?${String(index + 1)}`) as References<C>;
  const values = rows.map((row) => names.map((name): SqliteValue => row[name] ?? null));
  const compiled = statement(references, sql``).compile(tx.db);
  return tx.db.executeQuery<Returned>({ ...compiled, parameters: [new RowParameters(values)] });
}

/** Inserts many rows as one query; see {@link forEachRow}. Columns that are not named get their defaults. */
export async function insertRows<C extends Columns>(
  tx: RowsTarget,
  table: string,
  columns: C,
  rows: readonly Row<C>[],
): Promise<void> {
  const names = Object.keys(columns);
  const into = sql.raw(`insert into ${table} (${names.join(', ')})`);
  await forEachRow(tx, columns, rows, (r, from) => {
    const values = sql.join(names.map((name) => r[name] ?? sql`null`));
    return tx.kind === 'postgres' ? sql`${into} select ${values} ${from}` : sql`${into} values (${values})`;
  });
}

function referencesTo(
  names: readonly string[],
  text: (name: string, index: number) => string,
): Record<string, RawBuilder<unknown>> {
  return Object.fromEntries(names.map((name, index) => [name, sql.raw(text(name, index))]));
}

import { type RawBuilder, sql } from 'kysely';
import type { DatabaseKind } from './database.ts';
import { storableJson } from './text.ts';

export type ColumnKind = 'text' | 'bigint';

/**
 * Many rows as one parameter: `select … from <this>`, `update … from <this>`, `insert … select … from <this>`.
 * The text of the statement does not depend on the number of rows, so it is prepared once, and a batch costs a few
 * statements whatever its size.
 *
 * @param name alias of the rows in the statement
 */
export function jsonRows<Columns extends Record<string, ColumnKind>>(
  kind: DatabaseKind,
  name: string,
  columns: Columns,
  rows: readonly JsonRow<Columns>[],
): RawBuilder<unknown> {
  const names = Object.keys(columns);
  if (kind === 'sqlite') {
    const values = storableJson(rows.map((row) => names.map((column) => row[column] ?? null)));
    const picks = names.map((column, index) => `value ->> ${String(index)} as ${column}`).join(', ');
    return sql`(select ${sql.raw(picks)} from json_each(${values})) as ${sql.raw(name)}`;
  }
  const types = names.map((column) => `${column} ${columns[column] ?? 'text'}`).join(', ');
  return sql`json_to_recordset(${storableJson(rows)}::json) as ${sql.raw(`${name}(${types})`)}`;
}

export type JsonRow<Columns extends Record<string, ColumnKind>> = {
  readonly [Name in keyof Columns]: Columns[Name] extends 'text' ? string | null : number | null;
};

/** A list of texts as one parameter: `where x in (<this>)`. */
export function jsonTexts(kind: DatabaseKind, texts: readonly string[]): RawBuilder<unknown> {
  const list = storableJson(texts);
  return kind === 'sqlite'
    ? sql`(select value from json_each(${list}))`
    : sql`(select value from json_array_elements_text(${list}::json))`;
}

import { type RawBuilder, sql } from 'kysely';
import type { DatabaseKind } from './database.ts';
import { storableJson } from './text.ts';

/** A list of texts as one parameter: `where x in <this>`. The text of the statement does not depend on their number. */
export function jsonTexts(kind: DatabaseKind, texts: readonly string[]): RawBuilder<unknown> {
  const list = storableJson(texts);
  return kind === 'sqlite'
    ? sql`(select value from json_each(${list}))`
    : sql`(select value from json_array_elements_text(${list}::json))`;
}

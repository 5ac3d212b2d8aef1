import { type RawBuilder, sql } from 'kysely';
import { ProblemError } from '../http/problems.ts';
import { formatCursor, parseCursor, type Place } from '../storage/paging.ts';

/** What the query of every list has. */
export interface PageQuery {
  readonly limit: number;
  readonly offset?: number | undefined;
  readonly cursor?: string | undefined;
}

export interface Page<Row> {
  readonly rows: readonly Row[];
  /** Of the whole list. */
  readonly total: number;
  /** Leads to the rows after these; null when there are none. */
  readonly nextCursor: string | null;
}

/** Where a page begins: behind a place, or so many rows from the start. */
export interface From<At> {
  readonly after?: At | undefined;
  readonly offset?: number | undefined;
}

/** A list, newest first, whose rows have places that cursors lead back to. */
export interface Listed<Row, At> {
  readonly count: () => Promise<number>;
  readonly read: (limit: number, from: From<At>) => Promise<readonly Row[]>;
  readonly cursorOf: (row: Row) => string;
  readonly parseCursor: (cursor: string) => At | undefined;
}

/**
 * One page. A row more than is shown is read, and tells whether there are others.
 *
 * @throws ProblemError `request_malformed` for a cursor that is none
 */
export async function readPage<Row, At>(query: PageQuery, list: Listed<Row, At>): Promise<Page<Row>> {
  const { limit, offset } = query;
  const after = readCursor(query.cursor, list.parseCursor);
  const total = await list.count();
  const rows = await list.read(limit + 1, after === undefined ? { offset } : { after });
  const shown = rows.slice(0, limit);
  const last = rows.length > limit ? shown.at(-1) : undefined;
  return { rows: shown, total, nextCursor: last === undefined ? null : list.cursorOf(last) };
}

/** For lists ordered by the time in which their rows were made, and their ids. */
export const byTime = {
  parseCursor,
  cursorOf: (row: { readonly created_at_ms: number; readonly id: string }): string =>
    formatCursor({ atMs: row.created_at_ms, id: row.id }),
};

/** Rows behind a place in the order of {@link byTime}. */
export function isBehind({ atMs, id }: Place): RawBuilder<boolean> {
  return sql<boolean>`(created_at_ms, id) < (${atMs}, ${id})`;
}

/**
 * The place in a list that a cursor leads to; undefined without one.
 *
 * @throws ProblemError for text that is no cursor: the first page once more would send its reader round in circles.
 */
export function readCursor<At>(
  cursor: string | undefined,
  parse: (cursor: string) => At | undefined,
): At | undefined {
  if (cursor === undefined) return undefined;
  const place = parse(cursor);
  if (place !== undefined) return place;
  throw new ProblemError('request_malformed', {
    detail: 'The cursor is not one that this list has given out.',
    errors: [{ field: 'cursor', message: 'must be the next_cursor of an earlier page' }],
  });
}

import { type CodeStatus, isId, type ListCodesQuery } from '@edgeflow/contract';
import { type RawBuilder, type SelectQueryBuilder, sql } from 'kysely';
import type { Database } from '../../storage/database.ts';
import { jsonTexts } from '../../storage/json-texts.ts';
import type { CodeRow, Tables } from '../../storage/tables.ts';
import { countRows, isCountExact } from '../counted-page.ts';
import { byTime, isBehind, type Page, readPage } from '../page.ts';
import { searchWords } from './words.ts';

/** Codes that a search looks through: of those with a word that begins like the longest of the query. */
const candidatesMax = 10_000;

export interface CodePage extends Page<CodeRow> {
  readonly isTotalExact: boolean;
}

type CodesQuery = SelectQueryBuilder<Tables, 'provisioning_codes', object>;

/**
 * One page, newest first. A search for a word that begins like those of more than {@link candidatesMax} codes finds
 * some of them.
 */
export async function listCodes(
  database: Database,
  organizationId: string,
  query: ListCodesQuery,
  nowMs: number,
): Promise<CodePage> {
  const found = await search(database, organizationId, query.q);
  const matching = filtered(database, organizationId, query, { found, nowMs });
  const page = await readPage(query, {
    ...byTime,
    count: () => countRows(database, matching),
    read: async (limit, { after, offset }) => {
      let ids = matching.select('id').orderBy('created_at_ms', 'desc').orderBy('id', 'desc').limit(limit);
      if (after !== undefined) ids = ids.where(isBehind(after));
      if (offset !== undefined) ids = ids.offset(offset);
      // The index tells which; only those that are shown are read whole.
      const rows = database.db.selectFrom('provisioning_codes').selectAll().where('id', 'in', ids);
      return rows.orderBy('created_at_ms', 'desc').orderBy('id', 'desc').execute();
    },
  });
  const isTotalExact = isCountExact(page.total) && (found === undefined || found.length < candidatesMax);
  return { ...page, isTotalExact };
}

/** Ids of the codes that may match; undefined without a search. */
async function search(
  { db, kind }: Database,
  organizationId: string,
  q: string | undefined,
): Promise<readonly string[] | undefined> {
  const text = q?.trim() ?? '';
  if (text === '') return undefined;
  if (isId('code', text)) return [text];
  const [longest] = searchWords(text).sort((one, other) => other.length - one.length);
  if (longest === undefined) return [];
  const rows = await sql<{ id: string }>`select distinct code_id as id from code_words
    where organization_id = ${organizationId} and word >= ${longest} and word < ${`${longest}\u{10ffff}`}
    limit ${kind === 'sqlite' ? candidatesMax : sql`cast(${candidatesMax} as integer)`}`.execute(db);
  return rows.rows.map(({ id }) => id);
}

function filtered(
  database: Database,
  organizationId: string,
  query: ListCodesQuery,
  { found, nowMs }: { readonly found: readonly string[] | undefined; readonly nowMs: number },
): CodesQuery {
  let matching: CodesQuery = database.db.selectFrom('provisioning_codes');
  const { batch, created_by: maker, q, status } = query;
  // SQLite knows nothing of its rows, and would rather read all in the order asked for than the few that were found.
  const column = (name: string): RawBuilder<string> =>
    sql.raw(found !== undefined && database.kind === 'sqlite' ? `+${name}` : name);
  matching = matching.where(sql<boolean>`${column('organization_id')} = ${organizationId}`);
  if (batch !== undefined) matching = matching.where(sql<boolean>`${column('batch_id')} = ${batch}`);
  if (maker !== undefined) matching = matching.where(sql<boolean>`${column('created_by')} = ${maker}`);
  if (status !== undefined) matching = matching.where(hasStatus(column('state'), status, nowMs));
  if (found === undefined) return matching;
  matching = matching.where(sql<boolean>`id in ${jsonTexts(database.kind, found)}`);
  if (isId('code', q?.trim() ?? '')) return matching;
  for (const word of searchWords(q ?? '')) {
    // Words hold letters and digits, so there are no wildcards to escape.
    matching = matching.where('search_text', 'like', `% ${word}%`);
  }
  return matching;
}

function hasStatus(state: RawBuilder<string>, status: CodeStatus, nowMs: number): RawBuilder<boolean> {
  switch (status) {
    case 'active':
      return sql<boolean>`${state} = 'active' and expires_at_ms > ${nowMs}`;
    case 'expired':
      return sql<boolean>`${state} = 'active' and expires_at_ms <= ${nowMs}`;
    case 'used':
    case 'revoked':
      return sql<boolean>`${state} = ${status}`;
  }
}

import { type ExportAuditQuery, isId, type ListAuditQuery } from '@edgeflow/contract';
import { type RawBuilder, type SelectQueryBuilder, sql } from 'kysely';
import type { Database } from '../../storage/database.ts';
import type { AuditRow, Tables } from '../../storage/tables.ts';
import { countRows, isCountExact } from '../counted-page.ts';
import { type Page, readPage } from '../page.ts';

export type StoredAudit = Omit<AuditRow, 'sequence'> & { readonly sequence: number };

export interface AuditPage extends Page<StoredAudit> {
  readonly isTotalExact: boolean;
}

type AuditQuery = SelectQueryBuilder<Tables, 'audit_log', object>;

/** One page of the log, newest first. */
export async function listAudit(
  database: Database,
  organizationId: string,
  query: ListAuditQuery,
): Promise<AuditPage> {
  const matching = filtered(database, organizationId, query);
  const page = await readPage(query, {
    parseCursor,
    cursorOf,
    count: () => countRows(database, matching),
    read: (limit, { after, offset }) => readRows(matching, limit, { after, offset }),
  });
  return { ...page, isTotalExact: isCountExact(page.total) };
}

/** The whole log under these filters, newest first, so many rows at a time. */
export async function* pagesOfAudit(
  database: Database,
  organizationId: string,
  query: ExportAuditQuery,
  pageSize: number,
): AsyncGenerator<readonly StoredAudit[]> {
  const matching = filtered(database, organizationId, query);
  for (let after: Place | undefined; ;) {
    const rows = await readRows(matching, pageSize, { after });
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows;
    after = { atMs: last.at_ms, sequence: last.sequence };
  }
}

function readRows(
  matching: AuditQuery,
  limit: number,
  from: { readonly after?: Place | undefined; readonly offset?: number | undefined },
): Promise<StoredAudit[]> {
  let rows = matching.selectAll().orderBy('at_ms', 'desc').orderBy('sequence', 'desc').limit(limit);
  const { after, offset } = from;
  if (after !== undefined) {
    rows = rows.where(sql<boolean>`(at_ms, sequence) < (${after.atMs}, ${after.sequence})`);
  }
  if (offset !== undefined) rows = rows.offset(offset);
  return rows.execute();
}

function filtered(database: Database, organizationId: string, query: ExportAuditQuery): AuditQuery {
  const { action, actor, object, outcome, since, until } = query;
  const column = columnsBehind(database, query);
  let matching = database.db.selectFrom('audit_log').where('organization_id', '=', organizationId);
  const where = (condition: RawBuilder<boolean>): void => void (matching = matching.where(condition));
  if (object !== undefined) where(sql<boolean>`${column('object_id')} = ${object}`);
  if (outcome !== undefined) where(sql<boolean>`${column('outcome')} = ${sql.lit(outcome)}`);
  if (actor !== undefined) where(actedBy(organizationId, actor, column('actor_id')));
  if (action !== undefined) where(sql<boolean>`${column('action')} = ${action}`);
  if (since !== undefined) where(sql<boolean>`at_ms >= ${Date.parse(since)}`);
  if (until !== undefined) where(sql<boolean>`at_ms <= ${Date.parse(until)}`);
  return matching;
}

/**
 * What a person, a token or the cloud did is found by an index. What a device did is not: an entry of it there would
 * cost every registration a page. A device registers at the moment it is made; from then on it acts on itself, or on
 * codes made for it.
 */
function actedBy(
  organizationId: string,
  actor: string,
  actorColumn: RawBuilder<unknown>,
): RawBuilder<boolean> {
  if (!isId('device', actor)) return sql`${actorColumn} = ${actor} and actor_kind <> 'device'`;
  const own = sql`select sequence from audit_log where organization_id = ${organizationId}`;
  return sql`actor_id = ${actor} and sequence in (
    ${own} and at_ms = (select created_at_ms from devices where id = ${actor})
    union all ${own} and object_id = ${actor}
    union all ${own} and object_id in (select id from provisioning_codes where target_device_id = ${actor}))`;
}

/**
 * SQLite knows nothing of its rows and takes any index that fits. Of several filters the one that few rows pass is to
 * find them: an object, failures, whoever acted, what was done; the others only look at what it found.
 */
function columnsBehind({ kind }: Database, query: ExportAuditQuery): (name: string) => RawBuilder<unknown> {
  const { action, actor, object, outcome } = query;
  const [leading] = [
    object !== undefined && 'object_id',
    outcome === 'failure' && 'outcome',
    actor !== undefined && 'actor_id',
    action !== undefined && 'action',
  ].filter((name) => name !== false);
  return (name) => sql.raw(kind === 'sqlite' && name !== leading ? `+${name}` : name);
}

/** A place in the log. Times may be equal, sequences never are. */
interface Place {
  readonly atMs: number;
  readonly sequence: number;
}

function cursorOf(row: StoredAudit): string {
  return `${String(row.at_ms)}-${String(row.sequence)}`;
}

function parseCursor(cursor: string): Place | undefined {
  const [, atMs, sequence] = /^([0-9]{1,15})-([0-9]{1,15})$/.exec(cursor) ?? [];
  if (atMs === undefined || sequence === undefined) return undefined;
  return { atMs: Number(atMs), sequence: Number(sequence) };
}

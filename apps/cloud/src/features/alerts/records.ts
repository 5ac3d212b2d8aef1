import type {
  AlertDelivery,
  ListAlertDeliveriesQuery,
  ListAlertDeliveriesResponse,
  ListAlertIncidentsQuery,
  ListAlertIncidentsResponse,
} from '@edgeflow/contract';
import { sql } from 'kysely';
import { ProblemError } from '../../http/problems.ts';
import type { Database } from '../../storage/database.ts';
import { insertAudit } from '../audit/index.ts';
import type { Operator } from '../identity/index.ts';
import { byTime, isBehind, readPage } from '../page.ts';
import type { AlertDeliveryRow } from '../../storage/alert-tables.ts';
import { viewDelivery, viewIncident } from './view.ts';

/** What rules have found, newest first. */
export async function listIncidents(
  database: Database,
  { organizationId }: Operator,
  query: ListAlertIncidentsQuery,
): Promise<ListAlertIncidentsResponse> {
  let matching = database.db.selectFrom('alert_incidents').where('organization_id', '=', organizationId);
  if (query.state !== undefined) matching = matching.where('state', '=', query.state);
  const page = await readPage(query, {
    ...byTime,
    count: async () => {
      const counted = matching.select(({ fn }) => fn.countAll<number>().as('total'));
      return (await counted.executeTakeFirstOrThrow()).total;
    },
    read: (limit, { after, offset }) => {
      let rows = matching.selectAll().orderBy('created_at_ms', 'desc').orderBy('id', 'desc').limit(limit);
      if (after !== undefined) rows = rows.where(isBehind(after));
      if (offset !== undefined) rows = rows.offset(offset);
      return rows.execute();
    },
  });
  return { incidents: page.rows.map(viewIncident), ...pageMembers(query, page) };
}

/** What was sent and what waits, newest first. */
export async function listDeliveries(
  database: Database,
  { organizationId }: Operator,
  query: ListAlertDeliveriesQuery,
): Promise<ListAlertDeliveriesResponse> {
  let matching = database.db.selectFrom('alert_deliveries').where('organization_id', '=', organizationId);
  if (query.endpoint !== undefined) matching = matching.where('endpoint_id', '=', query.endpoint);
  const page = await readPage(query, {
    ...byTime,
    count: async () => {
      const counted = matching.select(({ fn }) => fn.countAll<number>().as('total'));
      return (await counted.executeTakeFirstOrThrow()).total;
    },
    read: (limit, { after, offset }) => {
      let rows = matching.selectAll().orderBy('created_at_ms', 'desc').orderBy('id', 'desc').limit(limit);
      if (after !== undefined) rows = rows.where(isBehind(after));
      if (offset !== undefined) rows = rows.offset(offset);
      return rows.execute();
    },
  });
  return { deliveries: page.rows.map(viewDelivery), ...pageMembers(query, page) };
}

function pageMembers(
  { limit, offset }: { readonly limit: number; readonly offset?: number | undefined },
  { nextCursor, total }: { readonly nextCursor: string | null; readonly total: number },
): { total: number; limit: number; offset: number; next_cursor: string | null } {
  return { total, limit, offset: offset ?? 0, next_cursor: nextCursor };
}

/** Sends a message that failed once more, from the first attempt on. One that waits is tried now. */
export async function retryDelivery(
  database: Database,
  { actor, organizationId }: Operator,
  id: string,
): Promise<AlertDelivery> {
  return database.transaction(async (tx) => {
    const named = await tx.db
      .selectFrom('alert_deliveries')
      .select('endpoint_id')
      .where('id', '=', id)
      .where('organization_id', '=', organizationId)
      .executeTakeFirst();
    if (named === undefined) throw new ProblemError('alert_delivery_not_found');
    const endpoint = await sql<{ disabled_at_ms: number | null }>`select disabled_at_ms from alert_endpoints
      where id = ${named.endpoint_id} ${tx.forUpdate}`.execute(tx.db);
    if (endpoint.rows[0]?.disabled_at_ms !== null) throw new ProblemError('alert_endpoint_disabled');
    const again = await sql<AlertDeliveryRow>`update alert_deliveries set state = 'waiting', attempts = 0,
        next_at_ms = ${tx.nowMs}, finished_at_ms = null
      where id = ${id} and state <> 'delivered' returning *`.execute(tx.db);
    const row = again.rows[0];
    if (row === undefined)
      throw new ProblemError('alert_delivery_not_found', { detail: 'It was delivered.' });
    const object = { kind: 'alert_delivery', id };
    await insertAudit(tx, [
      { organizationId, atMs: tx.nowMs, actor, action: 'alert_delivery.retry', object, outcome: 'success' },
    ]);
    return viewDelivery(row);
  });
}

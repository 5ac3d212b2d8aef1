import type { AlertMessageKind, OrderedIds } from '@edgeflow/contract';
import { sql } from 'kysely';
import type { Database, Tx } from '../../storage/database.ts';
import { jsonTexts } from '../../storage/json-texts.ts';
import type { AlertMessage } from './message.ts';
import type { AlertDeliveryRow, AlertEndpointRow } from '../../storage/alert-tables.ts';

/** Messages of one organization that wait; more are not sent. */
const waitingMax = 1_000;
/** Whoever has taken up a delivery must be done with it by then; afterwards another may. */
const claimMs = 60_000;

export interface NewDelivery {
  readonly endpointId: string;
  readonly incidentId: string | null;
  readonly kind: AlertMessageKind;
  readonly message: AlertMessage;
}

/** Writes down what is to be sent, with the commit of what it tells. Returns as many as there was room for. */
export async function enqueue(
  tx: Tx,
  organizationId: string,
  deliveries: readonly NewDelivery[],
  nextId: OrderedIds,
): Promise<AlertDeliveryRow[]> {
  const waiting = await sql<{ n: number }>`select count(*) as n from (select 1 from alert_deliveries
    where state = 'waiting' and organization_id = ${organizationId} limit ${waitingMax}) few`.execute(tx.db);
  const room = waitingMax - (waiting.rows[0]?.n ?? 0);
  const rows = deliveries
    .slice(0, Math.max(0, room))
    .map(({ endpointId, incidentId, kind, message }): AlertDeliveryRow => ({
      ...{ id: nextId('delivery'), organization_id: organizationId, endpoint_id: endpointId },
      ...{ incident_id: incidentId, kind, body: JSON.stringify(message), state: 'waiting', attempts: 0 },
      ...{ next_at_ms: tx.nowMs, created_at_ms: tx.nowMs, finished_at_ms: null, last_error: null },
    }));
  if (rows.length > 0) await tx.db.insertInto('alert_deliveries').values(rows).execute();
  return rows;
}

/**
 * Takes up deliveries that are due, each on one node: until {@link claimMs} have passed nobody else does. One whose
 * node dies is delivered again, with the same id.
 */
export async function claimDue(
  tx: Tx,
  limit: number,
  busyEndpoints: readonly string[],
): Promise<AlertDeliveryRow[]> {
  const lock = tx.kind === 'postgres' ? sql`for update skip locked` : sql``;
  const claimed = await sql<AlertDeliveryRow>`update alert_deliveries set attempts = attempts + 1,
      next_at_ms = ${tx.nowMs + claimMs}
    where id in (select id from alert_deliveries where state = 'waiting' and next_at_ms <= ${tx.nowMs}
      and endpoint_id not in ${jsonTexts(tx.kind, busyEndpoints)}
      order by next_at_ms limit ${limit} ${lock})
    returning *`.execute(tx.db);
  return claimed.rows;
}

/** Whether anything is due: most of the time nothing is. */
export async function isAnythingDue({ db }: Database, nowMs: number): Promise<boolean> {
  const found = await sql`select 1 from alert_deliveries where state = 'waiting' and next_at_ms <= ${nowMs}
    limit 1`.execute(db);
  return found.rows.length > 0;
}

/** Settles an attempt, unless another node has taken the delivery up since. */
export async function settle(
  tx: Tx,
  delivery: Pick<AlertDeliveryRow, 'id' | 'attempts'>,
  change: Partial<Pick<AlertDeliveryRow, 'state' | 'next_at_ms' | 'finished_at_ms' | 'last_error'>>,
): Promise<void> {
  await tx.db
    .updateTable('alert_deliveries')
    .set(change)
    .where('id', '=', delivery.id)
    .where('attempts', '=', delivery.attempts)
    .where('state', '=', 'waiting')
    .execute();
}

/** Ends what waits for an endpoint that is switched off or gone. */
export async function endWaiting(tx: Tx, endpointId: string, reason: string): Promise<void> {
  await tx.db
    .updateTable('alert_deliveries')
    .set({ state: 'failed', finished_at_ms: tx.nowMs, last_error: reason })
    .where('endpoint_id', '=', endpointId)
    .where('state', '=', 'waiting')
    .execute();
}

/** Endpoints that a message goes to: those named, or all, that are switched on. */
export async function openEndpoints(
  tx: Tx,
  organizationId: string,
  named: string | null,
): Promise<AlertEndpointRow[]> {
  const ids = named === null ? undefined : (JSON.parse(named) as string[]);
  const rows = await tx.db
    .selectFrom('alert_endpoints')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('disabled_at_ms', 'is', null)
    .orderBy('created_at_ms')
    .orderBy('id')
    .execute();
  return ids === undefined ? rows : rows.filter(({ id }) => ids.includes(id));
}

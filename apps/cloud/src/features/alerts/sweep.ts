import type { OrderedIds } from '@edgeflow/contract';
import { giveWay, type Timers } from '@edgeflow/platform';
import { sql } from 'kysely';
import type { Database, Tx } from '../../storage/database.ts';
import { type EventFact, insertEvents } from '../events/index.ts';
import { progressOf } from './decide.ts';
import { countStillExpiring, type KeyPlace, nameStillExpiring, takeUpExpiring } from './expiring.ts';
import { openIncidents, writeIncident } from './incidents.ts';
import { messageAbout, namedMax } from './message.ts';
import { countStillOffline, nameStillOffline, takeUpOffline } from './offline.ts';
import { enqueue, openEndpoints } from './outbox.ts';
import type { AlertIncidentRow, AlertRuleRow } from '../../storage/alert-tables.ts';

/** A rule is looked at this often, by whichever node comes first. */
export const sweepEveryMs = 15_000;
/** A little less, so that no turn is missed for a moment. */
const sweptMs = sweepEveryMs - 2_000;
const keysEveryMs = 3_600_000;

export interface SweepOptions {
  readonly database: Database;
  readonly nextId: OrderedIds;
  readonly publicUrl: () => string;
  readonly timers: Timers;
  readonly onFailure: (error: unknown) => void;
}

/**
 * Looks at every rule whose turn it is, each in a transaction of its own that holds the rule: of several nodes one
 * looks, and what it finds, what it tells and how far it has looked are one commit. So nothing is told twice, and
 * after a crash nothing is left out. A rule that cannot be looked at is reported, and is in the way of no other.
 *
 * @returns whether there is anything to send
 */
export async function sweep(options: SweepOptions): Promise<boolean> {
  const { database } = options;
  const dueMs = (await database.nowMs()) - sweptMs;
  const due = await database.db
    .selectFrom('alert_rules')
    .select('id')
    .where('swept_at_ms', '<=', dueMs)
    .orderBy('swept_at_ms')
    .execute();
  let hasNews = false;
  for (const [index, { id }] of due.entries()) {
    if (index > 0) await giveWay(options.timers);
    try {
      await takeUpKeys(options, id);
      if ((await lookAt(options, id)) > 0) hasNews = true;
    } catch (error) {
      options.onFailure(error);
    }
  }
  return hasNews;
}

/** @returns how many messages there are to send */
function lookAt(options: SweepOptions, id: string): Promise<number> {
  return options.database.transaction(async (tx) => {
    const rule = await holdRule(tx, id);
    if (rule === undefined || rule.swept_at_ms > tx.nowMs - sweptMs) return 0;
    await sql`update alert_rules set swept_at_ms = ${tx.nowMs} where id = ${id}`.execute(tx.db);
    await takeUpOffline(tx, rule, options);
    return tellOf(tx, rule, options);
  });
}

async function holdRule(tx: Tx, id: string): Promise<AlertRuleRow | undefined> {
  const found = await sql<AlertRuleRow>`select * from alert_rules where id = ${id} ${tx.forUpdate}`.execute(
    tx.db,
  );
  return found.rows[0];
}

/**
 * Goes through the keys that expire soon, some in each transaction, once an hour. A fleet that was made on one day
 * expires on one day, so whatever else waits for this thread has its turn in between.
 */
async function takeUpKeys(options: SweepOptions, id: string): Promise<void> {
  const { database } = options;
  let place: KeyPlace | undefined = { expiresAtMs: -1, deviceId: '' };
  let isFirst = true;
  while (place !== undefined) {
    const from: KeyPlace = place;
    const claims = isFirst;
    place = await database.transaction(async (tx) => {
      const rule = await holdRule(tx, id);
      if (rule === undefined || rule.key_days === null) return undefined;
      if (claims) {
        if (rule.keys_swept_at_ms > tx.nowMs - keysEveryMs) return undefined;
        await sql`update alert_rules set keys_swept_at_ms = ${tx.nowMs} where id = ${id}`.execute(tx.db);
      }
      return takeUpExpiring(tx, rule, from, options);
    });
    isFirst = false;
    if (place !== undefined) await giveWay(options.timers);
  }
}

/** Brings the open incidents of a rule up to date, and writes down the messages about them. */
async function tellOf(tx: Tx, rule: AlertRuleRow, options: SweepOptions): Promise<number> {
  const events: EventFact[] = [];
  for (const incident of await openIncidents(tx, rule.id)) {
    const isOffline = incident.condition === 'offline';
    const now = isOffline
      ? await countStillOffline(tx, rule, incident)
      : await countStillExpiring(tx, rule, incident);
    const current = { ...incident, devices_now: now };
    const { isOver, message } = progressOf(current, tx.nowMs);
    const told = message === undefined ? {} : await tell(tx, rule, current, message, options);
    const over = isOver ? { state: 'resolved' as const, resolved_at_ms: tx.nowMs } : {};
    if (now === incident.devices_now && message === undefined && !isOver) continue;
    await writeIncident(tx, incident.id, { devices_now: now, ...told, ...over });
    if (message === undefined) continue;
    const data = { incident_id: incident.id, devices_now: now, devices_joined: incident.devices_joined };
    const { organization_id: organizationId } = rule;
    events.push({ organizationId, atMs: tx.nowMs, type: `alert.${message}`, objectId: incident.id, data });
  }
  await insertEvents(tx, events);
  return events.length;
}

async function tell(
  tx: Tx,
  rule: AlertRuleRow,
  incident: AlertIncidentRow,
  kind: 'opened' | 'grown' | 'resolved',
  { nextId, publicUrl }: SweepOptions,
): Promise<Partial<AlertIncidentRow>> {
  const name = incident.condition === 'offline' ? nameStillOffline : nameStillExpiring;
  const devices = await name(tx, rule, incident, namedMax);
  const message = messageAbout(kind, incident, devices, { nowMs: tx.nowMs, publicUrl: publicUrl() });
  const endpoints = await openEndpoints(tx, rule.organization_id, rule.endpoint_ids);
  const deliveries = endpoints.map(({ id }) => ({ endpointId: id, incidentId: incident.id, kind, message }));
  await enqueue(tx, rule.organization_id, deliveries, nextId);
  return { messages: incident.messages + 1, told_devices: incident.devices_joined, told_at_ms: tx.nowMs };
}

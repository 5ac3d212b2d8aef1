import { sql } from 'kysely';
import type { Tx } from '../../storage/database.ts';
import { incidentToJoin } from './decide.ts';
import { beginIncident, growIncident, type IncidentMaker, openIncidents } from './incidents.ts';
import { inScope } from './scope.ts';
import type { AlertIncidentRow, AlertRuleRow } from '../../storage/alert-tables.ts';

const minuteMs = 60_000;

/** Devices that are offline, as the index `devices_offline` finds them: its condition, word for word. */
const offline = sql`d.presence = 'offline' and d.lifecycle = 'active'`;

const nobody = { devices: 0, first_ms: null, last_ms: null };

/**
 * Takes up the devices that have been offline for as long as the rule says since it was last looked.
 *
 * Who belongs to an outage is told by when devices went offline, so nothing is kept about each: a device that comes
 * back and goes again belongs to another moment. The edge moves with the same commit, so each is taken up once,
 * whichever node looks.
 *
 * @param rule held
 */
export async function takeUpOffline(tx: Tx, rule: AlertRuleRow, make: IncidentMaker): Promise<void> {
  if (rule.offline_minutes === null) return;
  const untilMs = tx.nowMs - rule.offline_minutes * minuteMs;
  if (untilMs <= rule.offline_edge_ms) return;
  const found = await sql<{ devices: number; first_ms: number | null; last_ms: number | null }>`
    select count(*) as devices, min(presence_since_ms) as first_ms, max(presence_since_ms) as last_ms
    from devices d where organization_id = ${rule.organization_id} and ${offline}
      and presence_since_ms > ${rule.offline_edge_ms} and presence_since_ms <= ${untilMs}
      and ${inScope(rule)}`.execute(tx.db);
  await sql`update alert_rules set offline_edge_ms = ${untilMs} where id = ${rule.id}`.execute(tx.db);
  const { devices, first_ms: firstMs, last_ms: lastMs } = found.rows[0] ?? nobody;
  if (firstMs === null || lastMs === null) return;
  const open = await openIncidents(tx, rule.id, 'offline');
  const joined = incidentToJoin(open, firstMs);
  if (joined === undefined) await beginIncident(tx, rule, 'offline', { firstMs, lastMs, devices }, make);
  else await growIncident(tx, joined, { lastMs, devices });
}

/** How many devices of an outage are still offline. */
export async function countStillOffline(
  tx: Tx,
  rule: AlertRuleRow,
  incident: AlertIncidentRow,
): Promise<number> {
  const found = await sql<{ n: number }>`select count(*) as n from devices d
    where ${membersOf(rule, incident)}`.execute(tx.db);
  return found.rows[0]?.n ?? 0;
}

/** Some of them, for the message. */
export async function nameStillOffline(
  tx: Tx,
  rule: AlertRuleRow,
  incident: AlertIncidentRow,
  limit: number,
): Promise<{ id: string; name: string | null }[]> {
  const found = await sql<{ id: string; name: string | null }>`select id, name from devices d
    where ${membersOf(rule, incident)} order by presence_since_ms, id limit ${limit}`.execute(tx.db);
  return found.rows;
}

function membersOf(rule: AlertRuleRow, incident: AlertIncidentRow) {
  return sql`organization_id = ${rule.organization_id} and ${offline}
    and presence_since_ms >= ${incident.from_ms} and presence_since_ms <= ${incident.to_ms}
    and ${inScope(rule)}`;
}

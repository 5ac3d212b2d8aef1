import { sql } from 'kysely';
import type { Tx } from '../../storage/database.ts';
import { holdDevices } from '../../storage/device-locks.ts';
import { jsonTexts } from '../../storage/json-texts.ts';
import { dayMs } from '../credentials/index.ts';
import { incidentToJoin } from './decide.ts';
import { beginIncident, growIncident, type IncidentMaker, openIncidents } from './incidents.ts';
import { inScope } from './scope.ts';
import type { AlertIncidentRow, AlertRuleRow } from '../../storage/alert-tables.ts';

/** Keys that are looked at in one transaction. */
const keysAtOnce = 500;
/** A new key was to be offered for so long, and the device has not taken it. */
const offeredForMs = dayMs;

/** A place in the order in which keys are looked at. */
export interface KeyPlace {
  readonly expiresAtMs: number;
  readonly deviceId: string;
}

interface KeyRow {
  readonly id: string;
  readonly device_id: string;
  readonly expires_at_ms: number;
  readonly concerns: number;
}

/** It has not shown that it can rotate its key, and has had the time to: or it has declined. */
const isStuck = sql`d.lifecycle = 'active' and coalesce(d.can_rotate, 0) = 0`;

/**
 * Takes up keys that expire soon and are not rotated, some at a time. Each is marked with its incident, so it is told
 * of once, whichever node looks.
 *
 * @returns where to go on; undefined at the end
 */
export async function takeUpExpiring(
  tx: Tx,
  rule: AlertRuleRow,
  after: KeyPlace,
  make: IncidentMaker,
): Promise<KeyPlace | undefined> {
  if (rule.key_days === null) return undefined;
  const found = await sql<KeyRow>`select few.id, few.device_id, few.expires_at_ms,
      case when few.alert_incident_id is null and ${isStuck} and ${inScope(rule)}
        and (d.can_rotate = 0 or few.rotate_after_ms <= ${tx.nowMs - offeredForMs}) then 1 else 0 end as concerns
    from (select id, device_id, expires_at_ms, rotate_after_ms, alert_incident_id from credentials
      where organization_id = ${rule.organization_id} and state = 'active'
        and expires_at_ms <= ${tx.nowMs + rule.key_days * dayMs}
        and (expires_at_ms, device_id) > (${after.expiresAtMs}, ${after.deviceId})
      order by expires_at_ms, device_id limit ${keysAtOnce}) few
    join devices d on d.id = few.device_id order by few.expires_at_ms, few.device_id`.execute(tx.db);
  const concerned = found.rows.filter(({ concerns }) => concerns === 1);
  if (concerned.length > 0) await mark(tx, rule, concerned, make);
  const last = found.rows.at(-1);
  if (last === undefined || found.rows.length < keysAtOnce) return undefined;
  return { expiresAtMs: last.expires_at_ms, deviceId: last.device_id };
}

async function mark(tx: Tx, rule: AlertRuleRow, keys: readonly KeyRow[], make: IncidentMaker): Promise<void> {
  const open = await openIncidents(tx, rule.id, 'key_expiring');
  const span = { firstMs: tx.nowMs, lastMs: tx.nowMs };
  const incident =
    incidentToJoin(open, tx.nowMs) ??
    (await beginIncident(tx, rule, 'key_expiring', { ...span, devices: 0 }, make));
  const deviceIds = [...new Set(keys.map(({ device_id: id }) => id))].sort();
  await holdDevices(tx, deviceIds);
  // Until they were held, a key may have been rotated, or taken up on another node.
  const ids = jsonTexts(
    tx.kind,
    keys.map(({ id }) => id),
  );
  const marked = await sql`update credentials set alert_incident_id = ${incident.id}
    where id in ${ids} and state = 'active' and alert_incident_id is null`.execute(tx.db);
  await growIncident(tx, incident, { lastMs: tx.nowMs, devices: Number(marked.numAffectedRows ?? 0n) });
}

/** How many keys of an incident still expire soon and are not rotated. */
export async function countStillExpiring(
  tx: Tx,
  rule: AlertRuleRow,
  incident: AlertIncidentRow,
): Promise<number> {
  const found = await sql<{ n: number }>`select count(*) as n ${membersOf(tx, rule, incident)}`.execute(
    tx.db,
  );
  return found.rows[0]?.n ?? 0;
}

export async function nameStillExpiring(
  tx: Tx,
  rule: AlertRuleRow,
  incident: AlertIncidentRow,
  limit: number,
): Promise<{ id: string; name: string | null }[]> {
  const found = await sql<{ id: string; name: string | null }>`select d.id, d.name
    ${membersOf(tx, rule, incident)} order by c.expires_at_ms, d.id limit ${limit}`.execute(tx.db);
  return found.rows;
}

function membersOf(tx: Tx, rule: AlertRuleRow, incident: AlertIncidentRow) {
  const untilMs = tx.nowMs + (rule.key_days ?? 0) * dayMs;
  return sql`from credentials c join devices d on d.id = c.device_id
    where c.alert_incident_id = ${incident.id} and c.state = 'active' and c.expires_at_ms <= ${untilMs}
      and ${isStuck} and ${inScope(rule)}`;
}

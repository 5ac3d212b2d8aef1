import type { OrderedIds } from '@edgeflow/contract';
import { sql } from 'kysely';
import type { Tx } from '../../storage/database.ts';
import type { AlertIncidentRow, AlertRuleRow } from '../../storage/alert-tables.ts';

/** What it takes to make an incident. */
export interface IncidentMaker {
  readonly nextId: OrderedIds;
}

type Condition = AlertIncidentRow['condition'];

/** The newest last. */
export async function openIncidents(
  tx: Tx,
  ruleId: string,
  condition?: Condition,
): Promise<AlertIncidentRow[]> {
  let open = tx.db
    .selectFrom('alert_incidents')
    .selectAll()
    .where('rule_id', '=', ruleId)
    .where(sql<boolean>`state = 'open'`);
  if (condition !== undefined) open = open.where('condition', '=', condition);
  return open.orderBy('created_at_ms').orderBy('id').execute();
}

export async function beginIncident(
  tx: Tx,
  rule: AlertRuleRow,
  condition: Condition,
  found: { readonly firstMs: number; readonly lastMs: number; readonly devices: number },
  { nextId }: IncidentMaker,
): Promise<AlertIncidentRow> {
  const row: AlertIncidentRow = {
    id: nextId('incident'),
    organization_id: rule.organization_id,
    rule_id: rule.id,
    device_group: rule.device_group,
    condition,
    state: 'open',
    created_at_ms: tx.nowMs,
    from_ms: found.firstMs,
    to_ms: found.lastMs,
    devices_joined: found.devices,
    devices_now: found.devices,
    messages: 0,
    told_devices: 0,
    told_at_ms: null,
    resolved_at_ms: null,
  };
  await tx.db.insertInto('alert_incidents').values(row).execute();
  return row;
}

export async function growIncident(
  tx: Tx,
  incident: Pick<AlertIncidentRow, 'id'>,
  { devices, lastMs }: { readonly devices: number; readonly lastMs: number },
): Promise<void> {
  await tx.db
    .updateTable('alert_incidents')
    .set((row) => ({ devices_joined: row('devices_joined', '+', devices), to_ms: lastMs }))
    .where('id', '=', incident.id)
    .execute();
}

export async function writeIncident(
  tx: Tx,
  id: string,
  change: Partial<Omit<AlertIncidentRow, 'id'>>,
): Promise<void> {
  await tx.db.updateTable('alert_incidents').set(change).where('id', '=', id).execute();
}

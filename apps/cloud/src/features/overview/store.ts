import type { DeviceStatus, Overview } from '@edgeflow/contract';
import { toRfc3339 } from '@edgeflow/platform';
import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../../storage/database.ts';

/** Devices that are named beside a count. */
const namedMax = 5;
/** What is usually none, or few, is counted up to here. */
const countedMax = 5_000;
/** Versions that are shown; the others are one number. */
const versionsMax = 8;

/** Devices by status, over the index alone. */
export async function countStatuses(
  database: Database,
  organizationId: string,
): Promise<Overview['devices']> {
  const found = await sql<{ lifecycle: string; presence: DeviceStatus; devices: number }>`
    select lifecycle, presence, count(*) as devices from devices
    where organization_id = ${organizationId} and lifecycle <> 'deleted'
    group by lifecycle, presence`.execute(database.db);
  const counts: Record<DeviceStatus, number> = {
    never_connected: 0,
    online: 0,
    offline: 0,
    reconnecting: 0,
    quarantined: 0,
    revoked: 0,
  };
  let total = 0;
  for (const { devices, lifecycle, presence } of found.rows) {
    const status = lifecycle === 'revoked' || lifecycle === 'quarantined' ? lifecycle : presence;
    counts[status] += devices;
    total += devices;
  }
  return { total, by_status: counts };
}

/** The versions that most devices have, over the index alone. */
export async function countVersions(
  database: Database,
  organizationId: string,
  total: number,
): Promise<Overview['versions']> {
  const found = await sql<{ version: string | null; devices: number }>`
    select agent_version as version, count(*) as devices from devices
    where organization_id = ${organizationId} and lifecycle <> 'deleted'
    group by agent_version order by count(*) desc, agent_version limit ${versionsMax}`.execute(database.db);
  const shown = found.rows.reduce((sum, { devices }) => sum + devices, 0);
  // Counted a moment later than the total.
  return { top: found.rows, others: Math.max(0, total - shown) };
}

interface NamedRow {
  readonly device_id: string;
  readonly name: string | null;
}

export async function listUnableToRotate(
  database: Database,
  organizationId: string,
): Promise<Overview['cannot_rotate']> {
  const which = sql`organization_id = ${organizationId} and can_rotate = 0 and lifecycle = 'active'`;
  const found = await sql<NamedRow>`select id as device_id, name from devices where ${which}
    order by id limit ${namedMax}`.execute(database.db);
  return { ...(await countUpTo(database, sql`devices where ${which}`)), devices: found.rows };
}

export async function listSuspected(database: Database, organizationId: string): Promise<Overview['clones']> {
  const which = sql`organization_id = ${organizationId} and clone_suspected_at_ms is not null
    and lifecycle <> 'deleted'`;
  const found = await sql<NamedRow & { at_ms: number }>`select id as device_id, name,
      clone_suspected_at_ms as at_ms from devices where ${which}
    order by clone_suspected_at_ms desc limit ${namedMax}`.execute(database.db);
  const devices = found.rows.map(({ at_ms: atMs, ...named }) => ({
    ...named,
    suspected_at: toRfc3339(atMs),
  }));
  return { ...(await countUpTo(database, sql`devices where ${which}`)), devices };
}

/** @param rows what may follow `from` */
async function countUpTo(
  database: Database,
  rows: RawBuilder<unknown>,
): Promise<{ readonly count: number; readonly more: boolean }> {
  const found = await sql<{ n: number }>`select count(*) as n from
    (select 1 from ${rows} limit ${countedMax + 1}) few`.execute(database.db);
  const n = found.rows[0]?.n ?? 0;
  return { count: Math.min(n, countedMax), more: n > countedMax };
}

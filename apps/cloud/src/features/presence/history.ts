import { sql } from 'kysely';
import type { Tx } from '../../storage/database.ts';
import { type Forgetting, forgetInParts } from '../../storage/forgetting.ts';
import { jsonTexts } from '../../storage/json-texts.ts';
import { forEachRow } from '../../storage/rows.ts';

/** Connections that are remembered of one device. */
const connectionsPerDeviceMax = 500;

export interface ArrivalFact {
  readonly deviceId: string;
  readonly organizationId: string;
  readonly epoch: number;
  readonly address: string;
  /** By the database's clock. */
  readonly atMs: number;
}

interface DepartureFact {
  readonly deviceId: string;
  readonly epoch: number;
  readonly reason: string;
}

const arrivalColumns = {
  device_id: 'text',
  organization_id: 'text',
  epoch: 'bigint',
  address: 'text',
  began_at_ms: 'bigint',
} as const;

const forgottenColumns = { id: 'text', epoch: 'bigint' } as const;

/** Writes down connections of devices that are held, and forgets the earliest of each. */
export async function recordArrivals(tx: Tx, facts: readonly ArrivalFact[]): Promise<void> {
  const rows = facts.map((fact) => ({
    device_id: fact.deviceId,
    organization_id: fact.organizationId,
    epoch: fact.epoch,
    address: fact.address,
    began_at_ms: fact.atMs,
  }));
  const into = sql`insert into device_connections (device_id, organization_id, epoch, address, began_at_ms)`;
  await forEachRow(tx, arrivalColumns, rows, (r, from) => {
    const values = sql`${r.device_id}, ${r.organization_id}, ${r.epoch}, ${r.address}, ${r.began_at_ms}`;
    // Where it is not known whether an earlier attempt was committed, it is made once more.
    return tx.kind === 'postgres'
      ? sql`${into} select ${values} ${from} on conflict do nothing`
      : sql`${into} values (${values}) on conflict do nothing`;
  });
  await forgetEarliest(tx, facts);
}

async function forgetEarliest(tx: Tx, facts: readonly ArrivalFact[]): Promise<void> {
  const rows = facts.flatMap(({ deviceId, epoch }) =>
    epoch > connectionsPerDeviceMax ? { id: deviceId, epoch: epoch - connectionsPerDeviceMax } : [],
  );
  await forEachRow(tx, forgottenColumns, rows, (r, from) =>
    tx.kind === 'postgres'
      ? sql`delete from device_connections where (device_id, epoch) in (select c.device_id, c.epoch
          ${from} join device_connections c on c.device_id = ${r.id} and c.epoch <= ${r.epoch})`
      : sql`delete from device_connections where device_id = ${r.id} and epoch <= ${r.epoch}`,
  );
}

const departureColumns = { id: 'text', epoch: 'bigint', reason: 'text', now_ms: 'bigint' } as const;

/** Ends connections of devices that are held: each its own, also where a newer one has taken its place since. */
export async function recordDepartures(tx: Tx, facts: readonly DepartureFact[]): Promise<void> {
  const rows = facts.map(({ deviceId, epoch, reason }) => ({
    id: deviceId,
    epoch,
    reason,
    now_ms: tx.nowMs,
  }));
  await forEachRow(
    tx,
    departureColumns,
    rows,
    (r, from) => sql`update device_connections set ended_at_ms = ${r.now_ms}, close_reason = ${r.reason}
    ${from} where device_connections.device_id = ${r.id} and device_connections.epoch = ${r.epoch}
      and device_connections.ended_at_ms is null`,
  );
}

/** Ends the connections of devices that are held and were given up: they lasted until the device was last heard. */
export async function endAbandoned(tx: Tx, deviceIds: readonly string[], reason: string): Promise<void> {
  const current = sql`select d.session_epoch from devices d where d.id = device_connections.device_id`;
  const lastSeen = sql`select d.last_seen_at_ms from devices d where d.id = device_connections.device_id`;
  await sql`update device_connections set close_reason = ${reason},
      ended_at_ms = coalesce((${lastSeen}), ${tx.nowMs})
    where device_id in ${jsonTexts(tx.kind, deviceIds)} and epoch = (${current}) and ended_at_ms is null`.execute(
    tx.db,
  );
}

/**
 * Forgets connections that began before `beforeMs` and are over, at most `limit` at a time so that no other work waits
 * long.
 */
export function forgetConnections(forgetting: Forgetting, beforeMs: number, limit: number): Promise<void> {
  const earliest = sql`delete from device_connections where (device_id, epoch) in
    (select c.device_id, c.epoch from device_connections c join devices d on d.id = c.device_id
      where c.began_at_ms < ${beforeMs} and (c.ended_at_ms is not null or c.epoch < d.session_epoch)
      order by c.began_at_ms limit ${limit})`;
  return forgetInParts(forgetting, limit, earliest);
}

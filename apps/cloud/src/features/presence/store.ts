import { sql } from 'kysely';
import type { Tx } from '../../storage/database.ts';
import { holdDevices } from '../../storage/device-locks.ts';
import { jsonTexts } from '../../storage/json-texts.ts';
import { forEachRow } from '../../storage/rows.ts';
import type { EventFact } from '../events/index.ts';
import { endAbandoned } from './history.ts';

const onlineColumns = {
  id: 'text',
  address: 'text',
  version: 'text',
  history: 'text',
  now_ms: 'bigint',
} as const;

export interface OnlineFact {
  readonly deviceId: string;
  readonly address: string;
  readonly version: string | null;
  /** What to keep of the device's connections. */
  readonly history: string;
}

export interface OnlineRow {
  readonly id: string;
  readonly session_epoch: number;
  readonly rotation_wanted_at_ms: number | null;
}

/** Marks devices as connected and draws the epoch that fences each connection. */
export async function markOnline(tx: Tx, facts: readonly OnlineFact[]): Promise<Map<string, OnlineRow>> {
  const { nowMs } = tx;
  const rows = facts.map(({ deviceId, ...fact }) => ({ id: deviceId, ...fact, now_ms: nowMs }));
  const updated = await forEachRow(
    tx,
    onlineColumns,
    rows,
    (r, from) => sql<OnlineRow>`update devices set session_epoch = session_epoch + 1,
      presence_since_ms = case when presence = 'online' then presence_since_ms else ${r.now_ms} end,
      replaced_at_ms = case when presence in ('online', 'reconnecting') then ${r.now_ms} else replaced_at_ms end,
      tunnel_history = ${r.history}, presence = 'online', last_seen_at_ms = ${r.now_ms}, last_address = ${r.address},
      can_rotate = case when ${r.version} is null or ${r.version} = agent_version then can_rotate end,
      agent_version = coalesce(${r.version}, agent_version)
    ${from} where devices.id = ${r.id}
    returning devices.id, devices.session_epoch, devices.rotation_wanted_at_ms`,
  );
  return new Map(updated.rows.map((row) => [row.id, row]));
}

const offlineColumns = {
  id: 'text',
  epoch: 'bigint',
  seen_at_ms: 'bigint',
  reason: 'text',
  now_ms: 'bigint',
} as const;

export interface OfflineFact {
  readonly deviceId: string;
  readonly epoch: number;
  readonly lastSeenAtMs: number;
  /** Close code and reason, in words. */
  readonly reason: string;
}

/** Marks devices as gone, unless a newer connection has come since. Returns an event for each that went. */
export async function markOffline(tx: Tx, facts: readonly OfflineFact[]): Promise<EventFact[]> {
  const rows = facts.map((fact) => ({
    id: fact.deviceId,
    epoch: fact.epoch,
    seen_at_ms: fact.lastSeenAtMs,
    reason: fact.reason,
    now_ms: tx.nowMs,
  }));
  await holdDevices(tx, facts.map(idOf));
  const gone = await forEachRow(
    tx,
    offlineColumns,
    rows,
    (r, from) => sql<{ id: string; organization_id: string; last_close_reason: string }>`
    update devices set presence = 'offline', presence_since_ms = ${r.now_ms},
      last_seen_at_ms = ${r.seen_at_ms}, last_close_reason = ${r.reason}
    ${from} where devices.id = ${r.id} and devices.session_epoch = ${r.epoch}
      and devices.presence in ('online', 'reconnecting')
    returning devices.id, devices.organization_id, devices.last_close_reason`,
  );
  return gone.rows.map((row) => offlineEvent(row.organization_id, row.id, row.last_close_reason, tx.nowMs));
}

const seenColumns = { id: 'text', epoch: 'bigint', seen_at_ms: 'bigint' } as const;

export type SeenFact = Omit<OfflineFact, 'reason'>;

/**
 * Writes behind when devices were last heard. Whoever is heard is back, also from the doubt that the start of another
 * node has cast on it.
 */
export async function markSeen(tx: Tx, facts: readonly SeenFact[]): Promise<void> {
  const rows = facts.map((fact) => ({ id: fact.deviceId, epoch: fact.epoch, seen_at_ms: fact.lastSeenAtMs }));
  await holdDevices(tx, facts.map(idOf));
  await forEachRow(
    tx,
    seenColumns,
    rows,
    (r, from) => sql`update devices set last_seen_at_ms = ${r.seen_at_ms},
      presence = case when presence = 'reconnecting' then 'online' else presence end
    ${from} where devices.id = ${r.id} and devices.session_epoch = ${r.epoch}`,
  );
}

function idOf({ deviceId }: SeenFact): string {
  return deviceId;
}

/**
 * Doubts devices that count as connected: whoever was when the cloud stopped is expected back. Goes through them by id,
 * `limit` at a time, so that the nodes that hold some of them wait for no more. A doubt that is there already keeps its
 * age: nodes that start again and again must not put off its end.
 *
 * @param afterId where the last call ended; `''` to begin
 * @returns the last id that it has gone through, undefined at the end, and how many devices were doubted
 */
export async function expectBack(
  tx: Tx,
  afterId: string,
  limit: number,
): Promise<{ readonly lastId: string | undefined; readonly doubted: number }> {
  // Put so that no index of `presence` fits: with one, every step would read and sort all that are still to come.
  const found = await sql<{ id: string }>`select id from devices
    where presence not in ('offline', 'never_connected') and id > ${afterId} order by id limit ${limit}`.execute(
    tx.db,
  );
  const ids = found.rows.map(({ id }) => id);
  await holdDevices(tx, ids);
  const result = await sql`update devices set presence = 'reconnecting',
      presence_since_ms = case when presence = 'reconnecting' then presence_since_ms else ${tx.nowMs} end
    where id in ${jsonTexts(tx.kind, ids)} and presence in ('online', 'reconnecting')`.execute(tx.db);
  return { lastId: ids.at(-1), doubted: Number(result.numAffectedRows ?? 0n) };
}

/**
 * Gives up on devices that did not come back, at most `limit` at a time.
 *
 * @param doubtedUntilMs by the database's clock. Whoever has been doubted since may be connected to another node, which
 *   says so within a minute
 * @returns whether nobody is left, and an event for each that is given up
 */
export async function giveUpWaiting(
  tx: Tx,
  limit: number,
  doubtedUntilMs: number,
): Promise<{ readonly isDone: boolean; readonly events: EventFact[] }> {
  // The first condition is that of the index: SQLite uses it only where it is repeated.
  const isOverdue = sql`presence = 'reconnecting' and presence_since_ms <= ${doubtedUntilMs}`;
  const found = await sql<{ id: string }>`select id from devices
    where presence in ('online', 'reconnecting') and ${isOverdue} limit ${limit}`.execute(tx.db);
  const ids = found.rows.map(({ id }) => id);
  if (ids.length === 0) return { isDone: true, events: [] };
  await holdDevices(tx, ids);
  const gone = await sql<{ id: string; organization_id: string }>`update devices
    set presence = 'offline', presence_since_ms = ${tx.nowMs},
      last_close_reason = 'did not reconnect after the cloud restarted'
    where id in ${jsonTexts(tx.kind, ids)} and ${isOverdue}
    returning id, organization_id`.execute(tx.db);
  const abandoned = gone.rows.map(({ id }) => id);
  await endAbandoned(tx, abandoned, 'did not reconnect after the cloud restarted');
  const events = gone.rows.map((row) =>
    offlineEvent(row.organization_id, row.id, 'did not reconnect', tx.nowMs),
  );
  return { isDone: ids.length < limit, events };
}

function offlineEvent(organizationId: string, deviceId: string, reason: string, atMs: number): EventFact {
  const data = { device_id: deviceId, reason };
  return { organizationId, atMs, type: 'device.offline', objectId: deviceId, data };
}

import { sql } from 'kysely';
import type { Tx } from '../../storage/database.ts';
import { holdDevices } from '../../storage/device-locks.ts';
import { jsonTexts } from '../../storage/json-texts.ts';
import type { DeviceRow } from '../../storage/tables.ts';

/** The tunnels of every node are told by the security watch. */
export async function wantRotation(tx: Tx, deviceId: string): Promise<void> {
  await tx.db
    .updateTable('devices')
    .set({ rotation_wanted_at_ms: tx.nowMs, security_changed_at_ms: tx.nowMs })
    .where('id', '=', deviceId)
    .execute();
}

/** The same for many that are held. */
export async function wantRotations(tx: Tx, deviceIds: readonly string[]): Promise<void> {
  await sql`update devices set rotation_wanted_at_ms = ${tx.nowMs}, security_changed_at_ms = ${tx.nowMs}
    where id in ${jsonTexts(tx.kind, deviceIds)}`.execute(tx.db);
}

/** The earlier key was replaced: what was suspected of whoever used it, and the quarantine, end with it. */
export async function forgetEarlierKey(tx: Tx, row: DeviceRow): Promise<void> {
  await tx.db
    .updateTable('devices')
    .set({
      security_changed_at_ms: tx.nowMs,
      rotation_wanted_at_ms: null,
      readmit_credential_id: null,
      clone_suspected_at_ms: null,
      clone_evidence: null,
      tunnel_history: null,
      ...(row.lifecycle === 'active' ? {} : { lifecycle: 'active', lifecycle_changed_at_ms: tx.nowMs }),
    })
    .where('id', '=', row.id)
    .execute();
}

/** The device has stored a key that it was offered. */
export async function noteCanRotate(tx: Tx, deviceId: string): Promise<void> {
  await tx.db.updateTable('devices').set({ can_rotate: 1 }).where('id', '=', deviceId).execute();
}

/**
 * The device has declined an offer: it may be too old to know how, or its disk may be full at this moment. It is
 * flagged, and asked again after `retryMs` if its key has come into its window by then, or when an operator asks.
 */
export async function noteCannotRotate(tx: Tx, deviceId: string, retryMs: number): Promise<void> {
  await tx.db
    .updateTable('devices')
    .set({ can_rotate: 0, rotation_wanted_at_ms: null })
    .where('id', '=', deviceId)
    .execute();
  const retryAtMs = tx.nowMs + retryMs;
  await tx.db
    .updateTable('credentials')
    .set({ rotate_after_ms: retryAtMs })
    .where('device_id', '=', deviceId)
    .where(sql<boolean>`state <> 'ended'`)
    .where('state', '=', 'active')
    .where('rotate_after_ms', '<', retryAtMs)
    .execute();
}

/**
 * Asks for the rotation of devices whose key has come into its window, and once more for those that are connected and
 * have left an offer unanswered for `silentMs`. Returns their ids, at most `limit`, those that waited longest first.
 */
export async function requestDueRotations(tx: Tx, limit: number, silentMs: number): Promise<string[]> {
  const isFree = sql`d.lifecycle = 'active' and d.clone_suspected_at_ms is null
    and (d.rotation_wanted_at_ms is null
      or (d.rotation_wanted_at_ms <= ${tx.nowMs - silentMs} and d.presence = 'online'))`;
  const isDue = sql`c.state = 'active' and c.rotate_after_ms <= ${tx.nowMs}`;
  const due = await sql<{ id: string }>`select d.id from credentials c join devices d on d.id = c.device_id
    where ${isDue} and ${isFree} order by c.rotate_after_ms limit ${limit}`.execute(tx.db);
  const ids = due.rows.map(({ id }) => id);
  await holdDevices(tx, ids);
  // Until it was held, a device may have been given a new key, or been asked on another node.
  const asked = await sql<{ id: string }>`update devices as d
    set rotation_wanted_at_ms = ${tx.nowMs}, security_changed_at_ms = ${tx.nowMs}
    where id in ${jsonTexts(tx.kind, ids)} and ${isFree} and exists (select 1 from credentials c
      where c.device_id = d.id and c.state <> 'ended' and ${isDue})
    returning id`.execute(tx.db);
  const isAsked = new Set(asked.rows.map(({ id }) => id));
  return ids.filter((id) => isAsked.has(id));
}

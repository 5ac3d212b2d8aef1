import { sql } from 'kysely';
import type { Tx } from '../../storage/database.ts';
import type { DeviceRow } from '../../storage/tables.ts';

export async function wantRotation(tx: Tx, deviceId: string): Promise<void> {
  await tx.db
    .updateTable('devices')
    .set({ rotation_wanted_at_ms: tx.nowMs })
    .where('id', '=', deviceId)
    .execute();
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

/** What the answer to an offer showed. A device that cannot rotate is not asked again until an operator asks. */
export async function setCanRotate(tx: Tx, deviceId: string, can: boolean): Promise<void> {
  await tx.db
    .updateTable('devices')
    .set({ can_rotate: can ? 1 : 0, ...(can ? {} : { rotation_wanted_at_ms: null }) })
    .where('id', '=', deviceId)
    .execute();
}

/** Marks devices whose key has come into its rotation window. Returns their ids. */
export async function requestDueRotations(tx: Tx, limit: number): Promise<string[]> {
  const rows = await sql<{ id: string }>`update devices set rotation_wanted_at_ms = ${tx.nowMs}
    where lifecycle = 'active' and rotation_wanted_at_ms is null and clone_suspected_at_ms is null
      and (can_rotate is null or can_rotate = 1)
      and id in (
        select c.device_id from credentials c join devices d on d.id = c.device_id
        where c.state = 'active' and c.rotate_after_ms <= ${tx.nowMs}
          and d.lifecycle = 'active' and d.rotation_wanted_at_ms is null and d.clone_suspected_at_ms is null
          and (d.can_rotate is null or d.can_rotate = 1)
        order by c.rotate_after_ms limit ${limit})
    returning id`.execute(tx.db);
  return rows.rows.map((row) => row.id);
}

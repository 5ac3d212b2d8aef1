import type { UpdateDeviceRequest } from '@edgeflow/contract';
import { sql } from 'kysely';
import type { Database, Tx } from '../../storage/database.ts';
import type { DeviceLifecycle, DeviceRow } from '../../storage/tables.ts';
import { storableJson } from '../../storage/text.ts';

/** A device that has not been deleted; deleted ones are tombstones that only their own key reaches. */
export async function readDevice(
  source: Database | Tx,
  organizationId: string,
  id: string,
): Promise<DeviceRow | undefined> {
  const rows = await sql<DeviceRow>`select * from devices where id = ${id}
    and organization_id = ${organizationId} and lifecycle <> 'deleted'
    ${'forUpdate' in source ? source.forUpdate : sql``}`.execute(source.db);
  return rows.rows[0];
}

export interface NewDevice {
  readonly id: string;
  readonly organizationId: string;
  readonly name: string | null;
  readonly tags: readonly string[];
  readonly group: string | null;
  readonly searchText: string;
}

export async function insertDevice(tx: Tx, device: NewDevice): Promise<void> {
  await tx.db
    .insertInto('devices')
    .values({
      id: device.id,
      organization_id: device.organizationId,
      lifecycle: 'active',
      name: device.name,
      tags: storableJson(device.tags),
      device_group: device.group,
      origin: 'operator',
      code_id: null,
      hardware_info: '{}',
      network_info: '{}',
      agent_version: null,
      board_model: null,
      search_text: device.searchText,
      created_at_ms: tx.nowMs,
      lifecycle_changed_at_ms: tx.nowMs,
      security_changed_at_ms: null,
      presence: 'never_connected',
      presence_since_ms: null,
      session_epoch: 0,
      last_seen_at_ms: null,
      last_address: null,
      last_close_reason: null,
      rotation_wanted_at_ms: null,
      can_rotate: null,
      tunnel_history: null,
      replaced_at_ms: null,
      clone_suspected_at_ms: null,
      clone_evidence: null,
      readmit_credential_id: null,
    })
    .execute();
}

export async function updateDevice(
  tx: Tx,
  id: string,
  change: UpdateDeviceRequest,
  searchText: string,
): Promise<void> {
  await tx.db
    .updateTable('devices')
    .set({
      search_text: searchText,
      ...(change.name === undefined ? {} : { name: change.name }),
      ...(change.tags === undefined ? {} : { tags: storableJson(change.tags) }),
      ...(change.group === undefined ? {} : { device_group: change.group }),
    })
    .where('id', '=', id)
    .execute();
}

export async function setLifecycle(tx: Tx, id: string, lifecycle: DeviceLifecycle): Promise<void> {
  await tx.db
    .updateTable('devices')
    .set({
      lifecycle,
      lifecycle_changed_at_ms: tx.nowMs,
      security_changed_at_ms: tx.nowMs,
      readmit_credential_id: null,
    })
    .where('id', '=', id)
    .execute();
}

/** Takes a deleted device off its organization's count. Call it before the device's own row is touched: codes, organizations, devices is the order of locks. */
export async function uncountDevice(tx: Tx, organizationId: string): Promise<void> {
  await sql`update organizations set device_count = device_count - 1 where id = ${organizationId}`.execute(
    tx.db,
  );
}

/** Counts one device in, only while the limit holds. */
export async function countDevice(tx: Tx, organizationId: string): Promise<boolean> {
  const result = await sql`update organizations set device_count = device_count + 1
    where id = ${organizationId} and (device_limit is null or device_count < device_limit)`.execute(tx.db);
  return result.numAffectedRows === 1n;
}

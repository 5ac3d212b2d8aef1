import type { UpdateDeviceRequest } from '@edgeflow/contract';
import { sql } from 'kysely';
import type { Database, Tx } from '../../storage/database.ts';
import { jsonTexts } from '../../storage/json-texts.ts';
import { forEachRow } from '../../storage/rows.ts';
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

export function setLifecycle(tx: Tx, id: string, lifecycle: DeviceLifecycle): Promise<void> {
  return setLifecycles(tx, [id], lifecycle);
}

/** Of devices that are held. */
export async function setLifecycles(
  tx: Tx,
  ids: readonly string[],
  lifecycle: DeviceLifecycle,
): Promise<void> {
  await sql`update devices set lifecycle = ${lifecycle}, lifecycle_changed_at_ms = ${tx.nowMs},
      security_changed_at_ms = ${tx.nowMs}, readmit_credential_id = null
    where id in ${jsonTexts(tx.kind, ids)}`.execute(tx.db);
}

/** Of devices that are held. */
export async function setGroups(tx: Tx, ids: readonly string[], group: string | null): Promise<void> {
  await sql`update devices set device_group = ${group} where id in ${jsonTexts(tx.kind, ids)}`.execute(tx.db);
}

const tagColumns = { id: 'text', tags: 'text' } as const;

/** Of devices that are held, each its own. */
export async function setTags(
  tx: Tx,
  devices: readonly { readonly id: string; readonly tags: readonly string[] }[],
): Promise<void> {
  const rows = devices.map(({ id, tags }) => ({ id, tags: storableJson(tags) }));
  await forEachRow(
    tx,
    tagColumns,
    rows,
    (r, from) => sql`update devices set tags = ${r.tags} ${from} where devices.id = ${r.id}`,
  );
}

/** Devices of an organization among these, that have not been deleted. */
export async function existingDevices(
  database: Database,
  organizationId: string,
  ids: readonly string[],
): Promise<string[]> {
  // Put so that no index of the organization fits.
  const found = await sql<Pick<DeviceRow, 'id' | 'organization_id' | 'lifecycle'>>`
    select id, organization_id, lifecycle from devices where id in ${jsonTexts(database.kind, ids)}
    order by id`.execute(database.db);
  return found.rows.flatMap((row) =>
    row.organization_id === organizationId && row.lifecycle !== 'deleted' ? row.id : [],
  );
}

/** Takes a deleted device off its organization's count. Call it before the device's own row is touched: codes, organizations, devices is the order of locks. */
export function uncountDevice(tx: Tx, organizationId: string): Promise<void> {
  return uncountDevices(tx, organizationId, 1);
}

/** The same for several; where their number is known only once they are held, {@link lockCount} goes first. */
export async function uncountDevices(tx: Tx, organizationId: string, count: number): Promise<void> {
  await sql`update organizations set device_count = device_count - ${count} where id = ${organizationId}`.execute(
    tx.db,
  );
}

/** Holds the count of an organization's devices, before any of them. */
export async function lockCount(tx: Tx, organizationId: string): Promise<void> {
  await sql`select id from organizations where id = ${organizationId} ${tx.forUpdate}`.execute(tx.db);
}

/** Counts one device in, only while the limit holds. */
export async function countDevice(tx: Tx, organizationId: string): Promise<boolean> {
  const result = await sql`update organizations set device_count = device_count + 1
    where id = ${organizationId} and (device_limit is null or device_count < device_limit)`.execute(tx.db);
  return result.numAffectedRows === 1n;
}

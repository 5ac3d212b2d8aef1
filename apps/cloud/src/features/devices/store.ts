import {
  type DeviceStatus,
  type ListDevicesQuery,
  rotationWarningDays,
  type UpdateDeviceRequest,
} from '@edgeflow/contract';
import { type RawBuilder, type SelectQueryBuilder, sql } from 'kysely';
import type { Database, Tx } from '../../storage/database.ts';
import type { DeviceLifecycle, DeviceRow, Tables } from '../../storage/tables.ts';
import { storableJson } from '../../storage/text.ts';
import { byTime, isBehind, type Page, readPage } from '../page.ts';
import { dayMs } from '../credentials/index.ts';
import { likePattern } from './search.ts';

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

/** One page, newest first. */
export async function listDevices(
  database: Database,
  organizationId: string,
  query: ListDevicesQuery,
): Promise<Page<DeviceRow>> {
  const matching = filtered(database, organizationId, query, await database.nowMs());
  return readPage(query, {
    ...byTime,
    count: async () => {
      const counted = matching.select((rows) => rows.fn.countAll<number>().as('total'));
      return (await counted.executeTakeFirstOrThrow()).total;
    },
    read: (limit, { after, offset }) => {
      let page = matching.selectAll().orderBy('created_at_ms', 'desc').orderBy('id', 'desc').limit(limit);
      if (after !== undefined) page = page.where(isBehind(after));
      if (offset !== undefined) page = page.offset(offset);
      return page.execute();
    },
  });
}

type DevicesQuery = SelectQueryBuilder<Tables, 'devices', object>;

function filtered(
  database: Database,
  organizationId: string,
  query: ListDevicesQuery,
  nowMs: number,
): DevicesQuery {
  let matching: DevicesQuery = database.db
    .selectFrom('devices')
    .where('organization_id', '=', organizationId)
    .where('lifecycle', '<>', 'deleted');
  if (query.status !== undefined) matching = withStatus(matching, query.status);
  if (query.group !== undefined) matching = matching.where('device_group', '=', query.group);
  if (query.q !== undefined && query.q !== '') {
    matching = matching.where(sql<boolean>`search_text like ${likePattern(query.q)} escape '\\'`);
  }
  if (query.tag !== undefined) matching = matching.where(hasTag(database, query.tag));
  if (query.needs_key !== undefined) matching = matching.where(needsKey(nowMs));
  if (query.clones !== undefined) matching = matching.where('clone_suspected_at_ms', 'is not', null);
  return matching;
}

/** Exactly this tag: `tags` is a JSON list of texts. */
function hasTag({ kind }: Database, tag: string): RawBuilder<boolean> {
  const tags = kind === 'sqlite' ? sql`json_each(tags)` : sql`json_array_elements_text(tags::json)`;
  return sql<boolean>`${tag} in (select value from ${tags})`;
}

/**
 * Its key expires soon, and it has not shown that it can rotate it. The condition `state <> 'ended'` says nothing new,
 * but is the one by which SQLite finds the index `credentials_live`.
 */
function needsKey(nowMs: number): RawBuilder<boolean> {
  const soonMs = nowMs + rotationWarningDays * dayMs;
  return sql<boolean>`lifecycle = 'active' and coalesce(can_rotate, 0) = 0 and exists (select 1 from credentials
    where device_id = devices.id and state <> 'ended' and state = 'active' and expires_at_ms <= ${soonMs})`;
}

function withStatus(query: DevicesQuery, status: DeviceStatus): DevicesQuery {
  if (status === 'revoked' || status === 'quarantined') return query.where('lifecycle', '=', status);
  return query.where('lifecycle', '=', 'active').where('presence', '=', status);
}

import type { DeviceNotes, UpdateDeviceNotesRequest } from '@edgeflow/contract';
import { toRfc3339 } from '@edgeflow/platform';
import { sql } from 'kysely';
import { ProblemError } from '../../http/problems.ts';
import type { Database, Tx } from '../../storage/database.ts';
import type { DeviceNotesRow } from '../../storage/device-tables.ts';
import { insertAudit } from '../audit/index.ts';
import { readDevice } from '../devices/index.ts';
import { insertEvents } from '../events/index.ts';
import type { Operator } from '../identity/index.ts';

export async function readNotes(source: Database | Tx, deviceId: string): Promise<DeviceNotes> {
  return view(deviceId, await readRow(source, deviceId));
}

/** Writes what people note. What they wrote is theirs and not repeated in the audit log; which members changed is. */
export async function changeNotes(
  database: Database,
  { actor, organizationId }: Operator,
  deviceId: string,
  change: UpdateDeviceNotesRequest,
): Promise<DeviceNotes> {
  return database.transaction(async (tx) => {
    // Held, so that nobody else writes between the read and this.
    const device = await readDevice(tx, organizationId, deviceId);
    if (device === undefined) throw new ProblemError('device_not_found');
    const before = await readRow(tx, deviceId);
    const row = changed(before ?? empty(deviceId, organizationId), change, tx.nowMs);
    await write(tx, row);
    const about = { organizationId, atMs: tx.nowMs };
    const object = { kind: 'device', id: deviceId };
    const detail = { changed: Object.keys(change).sort() };
    await insertAudit(tx, [{ ...about, actor, action: 'device.note', object, outcome: 'success', detail }]);
    const data = { device_id: deviceId };
    await insertEvents(tx, [{ ...about, type: 'device.updated', objectId: deviceId, data }]);
    return view(deviceId, row);
  });
}

function empty(deviceId: string, organizationId: string): DeviceNotesRow {
  const nothing = { notes: null, location: null, latitude: null, longitude: null };
  return { device_id: deviceId, organization_id: organizationId, ...nothing, updated_at_ms: 0 };
}

function changed(before: DeviceNotesRow, change: UpdateDeviceNotesRequest, nowMs: number): DeviceNotesRow {
  const { latitude, location, longitude, notes } = change;
  return {
    ...before,
    ...(notes === undefined ? {} : { notes: notes === '' ? null : notes }),
    ...(location === undefined ? {} : { location }),
    ...(latitude === undefined ? {} : { latitude }),
    ...(longitude === undefined ? {} : { longitude }),
    updated_at_ms: nowMs,
  };
}

function readRow(source: Database | Tx, deviceId: string): Promise<DeviceNotesRow | undefined> {
  return source.db
    .selectFrom('device_notes')
    .selectAll()
    .where('device_id', '=', deviceId)
    .executeTakeFirst();
}

async function write(tx: Tx, row: DeviceNotesRow): Promise<void> {
  await sql`insert into device_notes (device_id, organization_id, notes, location, latitude, longitude, updated_at_ms)
    values (${row.device_id}, ${row.organization_id}, ${row.notes}, ${row.location}, ${row.latitude},
      ${row.longitude}, ${row.updated_at_ms})
    on conflict (device_id) do update set notes = excluded.notes, location = excluded.location,
      latitude = excluded.latitude, longitude = excluded.longitude, updated_at_ms = excluded.updated_at_ms`.execute(
    tx.db,
  );
}

function view(deviceId: string, row: DeviceNotesRow | undefined): DeviceNotes {
  const { latitude, location, longitude, notes } = row ?? empty(deviceId, '');
  const updatedAt = row === undefined ? null : toRfc3339(row.updated_at_ms);
  return { device_id: deviceId, notes, location, latitude, longitude, updated_at: updatedAt };
}

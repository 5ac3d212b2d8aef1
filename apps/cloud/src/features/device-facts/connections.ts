import type { DeviceConnection, HistoryQuery, ListConnectionsResponse } from '@edgeflow/contract';
import { toRfc3339 } from '@edgeflow/platform';
import type { Database } from '../../storage/database.ts';
import type { DeviceConnectionRow } from '../../storage/device-tables.ts';
import type { DeviceRow } from '../../storage/tables.ts';
import { readCursor } from '../page.ts';

/** Larger than any epoch. */
const afterAll = Number.MAX_SAFE_INTEGER;

/** A page of the connections of a device, newest first. */
export async function listConnections(
  database: Database,
  device: DeviceRow,
  { cursor, limit }: HistoryQuery,
): Promise<ListConnectionsResponse> {
  const below = readCursor(cursor, parseEpoch) ?? afterAll;
  const found = await readConnections(database, device.id, below, limit + 1);
  const shown = found.slice(0, limit);
  const last = found.length > limit ? shown.at(-1) : undefined;
  return {
    connections: shown.map(view),
    next_cursor: last === undefined ? null : String(last.epoch),
  };
}

/** A connection with its end: its own, or the beginning of the next one where nobody has noticed it. */
export type KnownConnection = Omit<DeviceConnectionRow, 'organization_id'>;

/** Connections with an epoch below one, newest first. */
export async function readConnections(
  database: Database,
  deviceId: string,
  belowEpoch: number,
  limit: number,
): Promise<KnownConnection[]> {
  const of = database.db
    .selectFrom('device_connections')
    .select(['device_id', 'epoch', 'began_at_ms', 'address', 'ended_at_ms', 'close_reason'])
    .where('device_id', '=', deviceId);
  const [rows, next] = await Promise.all([
    of.where('epoch', '<', belowEpoch).orderBy('epoch', 'desc').limit(limit).execute(),
    of.where('epoch', '>=', belowEpoch).orderBy('epoch').limit(1).executeTakeFirst(),
  ]);
  let later = next?.began_at_ms ?? null;
  return rows.map((row) => {
    const known = { ...row, ended_at_ms: row.ended_at_ms ?? later };
    later = row.began_at_ms;
    return known;
  });
}

function parseEpoch(cursor: string): number | undefined {
  return /^[0-9]{1,15}$/.test(cursor) ? Number(cursor) : undefined;
}

function view(row: KnownConnection): DeviceConnection {
  return {
    began_at: toRfc3339(row.began_at_ms),
    ended_at: row.ended_at_ms === null ? null : toRfc3339(row.ended_at_ms),
    address: row.address,
    close_reason: row.close_reason,
  };
}

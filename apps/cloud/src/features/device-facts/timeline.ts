import type { HistoryQuery, JsonObject, ReadTimelineResponse, TimelineEntry } from '@edgeflow/contract';
import { toRfc3339 } from '@edgeflow/platform';
import { sql } from 'kysely';
import type { Database } from '../../storage/database.ts';
import type { AuditRow, DeviceRow } from '../../storage/tables.ts';
import { readCursor } from '../page.ts';
import { type KnownConnection, readConnections } from './connections.ts';

/** Where something stands in its source: the time and sequence of the audit log, or twice the epoch of a connection. */
type Place = readonly [major: number, minor: number];
/** How far each source has been read. */
type Position = readonly [device: Place, code: Place, connection: Place];
/** Larger than any time, any sequence, and twice any epoch. */
const last: Place = [2 ** 52, 2 ** 52];
const start: Position = [last, last, last];

interface Placed {
  readonly source: 0 | 1 | 2;
  readonly place: Place;
  readonly atMs: number;
  readonly entry: Omit<TimelineEntry, 'at'>;
}

/**
 * Everything that happened to a device, newest first: the audit log of the device and of the code that made it, and its
 * connections. Each source is read from its own place, so that no page misses or repeats anything, whatever has the same
 * time.
 */
export async function readTimeline(
  database: Database,
  device: DeviceRow,
  { cursor, limit }: HistoryQuery,
): Promise<ReadTimelineResponse> {
  const from = readCursor(cursor, parsePosition) ?? start;
  const [deviceFrom, codeFrom, connectionFrom] = from;
  const one = limit + 1;
  const { code_id: codeId, id, organization_id: organizationId } = device;
  const sources = await Promise.all([
    readObjectAudit(database, { organizationId, objectId: id }, deviceFrom, one).then((rows) =>
      rows.map(audited(0)),
    ),
    codeId === null
      ? []
      : readObjectAudit(database, { organizationId, objectId: codeId }, codeFrom, one).then((rows) =>
          rows.map(audited(1)),
        ),
    connectionsOf(database, id, connectionFrom, one),
  ]);
  const merged = merge(sources, one);
  const shown = merged.slice(0, limit);
  return {
    entries: shown.map(({ atMs, entry }) => ({ ...entry, at: toRfc3339(atMs) })),
    next_cursor: merged.length > limit ? formatPosition(advance(from, shown)) : null,
  };
}

/** The newest of several lists, each from its newest; what is in one list keeps its order. */
function merge(sources: readonly (readonly Placed[])[], count: number): Placed[] {
  const heads = sources.map(() => 0);
  const merged: Placed[] = [];
  while (merged.length < count) {
    const candidates = sources.flatMap((source, index) => source[heads[index] ?? 0] ?? []);
    const newest = candidates.toSorted((a, b) => b.atMs - a.atMs)[0];
    if (newest === undefined) break;
    merged.push(newest);
    heads[newest.source] = (heads[newest.source] ?? 0) + 1;
  }
  return merged;
}

function advance(from: Position, shown: readonly Placed[]): Position {
  const place = (source: Placed['source']): Place =>
    shown.findLast((one) => one.source === source)?.place ?? from[source];
  return [place(0), place(1), place(2)];
}

type AuditEntryRow = Omit<AuditRow, 'sequence'> & { readonly sequence: number };

/** What was done to something, below a place, newest first: in the order of an index, whatever the length of its story. */
export async function readObjectAudit(
  database: Database,
  of: { readonly organizationId: string; readonly objectId: string },
  below: Place,
  limit: number,
): Promise<AuditEntryRow[]> {
  const found = await sql<AuditEntryRow>`select * from audit_log
    where organization_id = ${of.organizationId} and object_id = ${of.objectId}
      and (at_ms, sequence) < (${below[0]}, ${below[1]})
    order by at_ms desc, sequence desc limit ${limit}`.execute(database.db);
  return found.rows;
}

function audited(source: 0 | 1): (row: AuditEntryRow) => Placed {
  return (row) => ({
    source,
    place: [row.at_ms, row.sequence],
    atMs: row.at_ms,
    entry: {
      id: `aud_${String(row.sequence)}`,
      type: row.action,
      actor: { kind: row.actor_kind, id: row.actor_id },
      address: row.address,
      outcome: row.outcome,
      reason: row.reason,
      detail: JSON.parse(row.detail) as JsonObject,
    },
  });
}

async function connectionsOf(
  database: Database,
  deviceId: string,
  [below]: Place,
  limit: number,
): Promise<Placed[]> {
  // Of the connection in the middle of which a page has ended, only the beginning is left.
  const rows = await readConnections(database, deviceId, Math.ceil(below / 2), limit);
  return rows.flatMap(bothEnds).filter(({ place }) => place[0] < below);
}

function bothEnds(row: KnownConnection): Placed[] {
  const { address, began_at_ms: beganAtMs, device_id: deviceId, ended_at_ms: endedAtMs, epoch } = row;
  const common = {
    ...{ address, actor: { kind: 'device', id: deviceId } as const },
    ...({ outcome: 'success', reason: null } as const),
  };
  const began: Placed = {
    ...{ source: 2, place: [epoch * 2, 0], atMs: beganAtMs },
    entry: { ...common, id: `con_${String(epoch)}_began`, type: 'device.online', detail: {} },
  };
  if (endedAtMs === null) return [began];
  const detail = row.close_reason === null ? {} : { close_reason: row.close_reason };
  const entry = { ...common, id: `con_${String(epoch)}_ended`, type: 'device.offline', detail };
  // A clock that was set back must not turn a connection round.
  return [{ source: 2, place: [epoch * 2 + 1, 0], atMs: Math.max(endedAtMs, beganAtMs), entry }, began];
}

function formatPosition(position: Position): string {
  return position.flat().join('.');
}

function parsePosition(cursor: string): Position | undefined {
  if (!/^\d{1,16}(\.\d{1,16}){5}$/.test(cursor)) return undefined;
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = cursor.split('.').map(Number);
  return [
    [a, b],
    [c, d],
    [e, f],
  ];
}

import type { HistoryQuery, JsonObject, ReadTimelineResponse, TimelineEntry } from '@edgeflow/contract';
import { toRfc3339 } from '@edgeflow/platform';
import type { Database } from '../../storage/database.ts';
import type { AuditRow, DeviceRow } from '../../storage/tables.ts';
import { readCursor } from '../page.ts';
import { type KnownConnection, readConnections } from './connections.ts';

/** How far each source has been read: sequences of the audit log, and twice the epoch of connections, ends being odd. */
type Position = readonly [device: number, code: number, connection: number];
/** Larger than any place in a source, and than twice any epoch. */
const start: Position = [2 ** 52, 2 ** 52, 2 ** 52];

interface Placed {
  readonly source: 0 | 1 | 2;
  readonly place: number;
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
  const { code_id: codeId, id } = device;
  const sources = await Promise.all([
    readAudit(database, device.organization_id, id, deviceFrom, one).then((rows) => rows.map(audited(0))),
    codeId === null
      ? []
      : readAudit(database, device.organization_id, codeId, codeFrom, one).then((rows) =>
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
  const place = (source: Placed['source']): number =>
    shown.findLast((one) => one.source === source)?.place ?? from[source];
  return [place(0), place(1), place(2)];
}

type AuditEntryRow = Omit<AuditRow, 'sequence'> & { readonly sequence: number };

function readAudit(
  database: Database,
  organizationId: string,
  objectId: string,
  below: number,
  limit: number,
): Promise<AuditEntryRow[]> {
  return database.db
    .selectFrom('audit_log')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('object_id', '=', objectId)
    .where('sequence', '<', below)
    .orderBy('sequence', 'desc')
    .limit(limit)
    .execute();
}

function audited(source: 0 | 1): (row: AuditEntryRow) => Placed {
  return (row) => ({
    source,
    place: row.sequence,
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
  below: number,
  limit: number,
): Promise<Placed[]> {
  // Of the connection in the middle of which a page has ended, only the beginning is left.
  const rows = await readConnections(database, deviceId, Math.ceil(below / 2), limit);
  return rows.flatMap(bothEnds).filter(({ place }) => place < below);
}

function bothEnds(row: KnownConnection): Placed[] {
  const { address, began_at_ms: beganAtMs, device_id: deviceId, ended_at_ms: endedAtMs, epoch } = row;
  const common = {
    ...{ address, actor: { kind: 'device', id: deviceId } as const },
    ...({ outcome: 'success', reason: null } as const),
  };
  const began: Placed = {
    ...{ source: 2, place: epoch * 2, atMs: beganAtMs },
    entry: { ...common, id: `con_${String(epoch)}_began`, type: 'device.online', detail: {} },
  };
  if (endedAtMs === null) return [began];
  const detail = row.close_reason === null ? {} : { close_reason: row.close_reason };
  const entry = { ...common, id: `con_${String(epoch)}_ended`, type: 'device.offline', detail };
  // A clock that was set back must not turn a connection round.
  return [{ source: 2, place: epoch * 2 + 1, atMs: Math.max(endedAtMs, beganAtMs), entry }, began];
}

function formatPosition(position: Position): string {
  return position.join('.');
}

function parsePosition(cursor: string): Position | undefined {
  const parts = /^(\d{1,16})\.(\d{1,16})\.(\d{1,16})$/.exec(cursor);
  if (parts === null) return undefined;
  return [Number(parts[1]), Number(parts[2]), Number(parts[3])];
}

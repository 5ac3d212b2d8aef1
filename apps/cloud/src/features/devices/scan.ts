import type { DeviceFilter } from '@edgeflow/contract';
import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../../storage/database.ts';
import type { Place } from '../../storage/paging.ts';
import { isListed, matches } from './filter.ts';

/**
 * Devices read between two breaths. SQLite runs on the thread that serves heartbeats and registrations: a slice takes it
 * for two milliseconds. PostgreSQL reads a whole fleet in one go, elsewhere.
 */
const sliceRows = { sqlite: 2_000, postgres: 1_000_000 } as const;

export interface ScanSource {
  readonly database: Database;
  /** Lets everything that waits have its turn. */
  readonly pause: () => Promise<void>;
  /** Whether nobody waits for the result any more. */
  readonly isGone: () => boolean;
}

export interface Scan {
  readonly organizationId: string;
  readonly filter: DeviceFilter;
}

/** A part of an organization's devices: the condition that its matches fulfil. */
export type Slice = RawBuilder<boolean>;

/**
 * All devices that match, newest first, in slices of which each is one short statement. Ends early where nobody waits
 * for the result: what came of it so far is then of no use.
 *
 * @param rowsMax devices in one slice, whether they match or not
 */
export async function* slicesOf(
  { database, isGone, pause }: ScanSource,
  { filter, organizationId }: Scan,
  rowsMax: number = sliceRows[database.kind],
): AsyncGenerator<Slice> {
  const wanted = matches(database.kind, filter, await database.nowMs());
  let from: Place | undefined;
  for (;;) {
    const to = await placeOf(database, organizationId, from, rowsMax);
    yield sql<boolean>`${isListed(organizationId)} ${between(from, to)} and ${wanted}`;
    if (to === undefined || isGone()) return;
    from = to;
    await pause();
  }
}

/** The ids of all devices that match, newest first. */
export async function matchingIds(source: ScanSource, scan: Scan): Promise<string[]> {
  const ids: string[] = [];
  for await (const slice of slicesOf(source, scan)) {
    const found = await sql<{ id: string }>`select id from devices where ${slice}
      order by created_at_ms desc, id desc`.execute(source.database.db);
    for (const { id } of found.rows) ids.push(id);
  }
  return ids;
}

/** Where a slice ends, in the order newest first; undefined where it is the last. Reads nothing but the index. */
async function placeOf(
  database: Database,
  organizationId: string,
  from: Place | undefined,
  rows: number,
): Promise<Place | undefined> {
  const found = await sql<{ at_ms: number; id: string }>`select created_at_ms as at_ms, id from devices
    where ${isListed(organizationId)} ${between(from, undefined)}
    order by created_at_ms desc, id desc limit 1 offset ${rows - 1}`.execute(database.db);
  const [last] = found.rows;
  return last === undefined ? undefined : { atMs: last.at_ms, id: last.id };
}

function between(from: Place | undefined, to: Place | undefined): RawBuilder<unknown> {
  const below = from === undefined ? sql`` : sql`and (created_at_ms, id) < (${from.atMs}, ${from.id})`;
  const above = to === undefined ? sql`` : sql`and (created_at_ms, id) >= (${to.atMs}, ${to.id})`;
  return sql`${below} ${above}`;
}

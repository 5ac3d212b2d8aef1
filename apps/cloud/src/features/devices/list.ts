import type { ListDevicesQuery } from '@edgeflow/contract';
import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../../storage/database.ts';
import { jsonTexts } from '../../storage/json-texts.ts';
import type { DeviceRow } from '../../storage/tables.ts';
import { type Page, readCursor } from '../page.ts';
import { isListed, isOpen } from './filter.ts';
import {
  compareKeyed,
  formatKeyed,
  type Keyed,
  keyOf,
  keyType,
  type ListOrder,
  orderOf,
  parseKeyed,
} from './order.ts';
import { type ScanSource, type Slice, slicesOf } from './scan.ts';

/** What a page is made of: places in the list, and how many there are in all. */
interface Found {
  /** In order, from the start of the list or behind the cursor; those of the offset and one behind the page among them. */
  readonly places: readonly Keyed[];
  readonly total: number;
}

interface Wanted extends ListOrder {
  readonly after: Keyed | undefined;
  /** Places that are needed. */
  readonly count: number;
}

/** Whether a page is found by going through all devices, and not by an index. */
export function isScan(query: ListDevicesQuery): boolean {
  return query.sort !== 'created' || !isOpen(query);
}

/**
 * One page. All devices by their age are read off an index, and their number is kept; anything else goes through the
 * organization's devices once, slice by slice, and counts what matches as it goes.
 *
 * @throws ProblemError `request_malformed` for a cursor of another list
 */
export async function listDevices(
  source: ScanSource,
  organizationId: string,
  query: ListDevicesQuery,
): Promise<Page<DeviceRow>> {
  const { database } = source;
  const { limit, offset = 0, sort } = query;
  const order = orderOf(sort, query.order);
  const after = readCursor(query.cursor, (cursor) => parseKeyed(sort, cursor));
  const skipped = after === undefined ? offset : 0;
  const wanted: Wanted = { ...order, after, count: skipped + limit + 1 };
  const found = !isScan(query)
    ? await readAll(database, organizationId, wanted)
    : await scan(source, organizationId, query, wanted);
  const places = found.places.slice(skipped, skipped + limit);
  const last = found.places.length > skipped + limit ? places.at(-1) : undefined;
  return {
    rows: await readRows(database, places),
    total: found.total,
    nextCursor: last === undefined ? null : formatKeyed(sort, last),
  };
}

async function readAll(database: Database, organizationId: string, wanted: Wanted): Promise<Found> {
  const counted = await sql<{ total: number }>`select device_count as total from organizations
    where id = ${organizationId}`.execute(database.db);
  const places = await sql<Keyed>`select id, created_at_ms as key from devices
    where ${isListed(organizationId)} ${behind(sql`created_at_ms`, wanted)}
    ${inOrder(sql`created_at_ms`, wanted)} limit ${wanted.count}`.execute(database.db);
  return { places: places.rows, total: counted.rows[0]?.total ?? 0 };
}

async function scan(
  source: ScanSource,
  organizationId: string,
  filter: ListDevicesQuery,
  wanted: Wanted,
): Promise<Found> {
  const { kind } = source.database;
  const comesFirst = compareKeyed(wanted.order);
  // Slices come newest first, so that in this order those that follow hold nothing for a page that is full.
  const isInOrder = wanted.sort === 'created' && wanted.order === 'desc';
  let places: readonly Keyed[] = [];
  let total = 0;
  for await (const slice of slicesOf(source, { organizationId, filter })) {
    const count = isInOrder ? wanted.count - places.length : wanted.count;
    const read = count > 0 ? bestOf(kind, slice, { ...wanted, count }) : countOf(slice);
    const { rows } = await read.execute(source.database.db);
    const best = rows.flatMap(({ id, key }) => (id === null || key === null ? [] : { id, key }));
    for (const { n } of rows) total += n;
    places = isInOrder || places.length === 0 ? [...places, ...best] : [...places, ...best].sort(comesFirst);
    if (places.length > wanted.count) places = places.slice(0, wanted.count);
  }
  return { places, total };
}

interface ScanRow {
  readonly id: string | null;
  readonly key: string | number | null;
  /** Matches, on one row of them all. */
  readonly n: number;
}

function countOf(slice: Slice): RawBuilder<ScanRow> {
  return sql<ScanRow>`select null as id, null as key, count(*) as n from devices where ${slice}`;
}

/** The first of a slice behind the cursor, and how many match whatever the cursor. */
function bestOf(kind: Database['kind'], slice: Slice, wanted: Wanted): RawBuilder<ScanRow> {
  const key = sql`key`;
  return sql<ScanRow>`with matching as materialized
      (select id, ${keyOf(kind, wanted.sort)} as key from devices where ${slice})
    select cast(null as text) as id, cast(null as ${keyType(wanted.sort)}) as key, (select count(*) from matching) as n
    union all
    select id, key, 0 from (select id, key from matching where 1 = 1 ${behind(key, wanted)}
      ${inOrder(key, wanted)} limit ${wanted.count}) as best`;
}

function behind(key: RawBuilder<unknown>, { after, order }: Wanted): RawBuilder<unknown> {
  if (after === undefined) return sql``;
  const comparison = order === 'asc' ? sql`>` : sql`<`;
  return sql`and (${key}, id) ${comparison} (${after.key}, ${after.id})`;
}

function inOrder(key: RawBuilder<unknown>, { order }: Wanted): RawBuilder<unknown> {
  const way = order === 'asc' ? sql`asc` : sql`desc`;
  return sql`order by ${key} ${way}, id ${way}`;
}

/** The rows of places, in their order; without those that have been deleted meanwhile. */
async function readRows(database: Database, places: readonly Keyed[]): Promise<DeviceRow[]> {
  if (places.length === 0) return [];
  const ids = places.map(({ id }) => id);
  const { rows } = await sql<DeviceRow>`select * from devices
    where id in ${jsonTexts(database.kind, ids)}`.execute(database.db);
  const byId = new Map(rows.flatMap((row) => (row.lifecycle === 'deleted' ? [] : [[row.id, row]])));
  return ids.flatMap((id) => byId.get(id) ?? []);
}

import type { DeviceSort, SortOrder } from '@edgeflow/contract';
import { type RawBuilder, sql } from 'kysely';
import type { DatabaseKind } from '../../storage/database.ts';

/** What a list is ordered by, and the way. */
export interface ListOrder {
  readonly sort: DeviceSort;
  readonly order: SortOrder;
}

/** A place in an ordered list: what the device is ordered by, and its id. */
export interface Keyed {
  readonly key: string | number;
  readonly id: string;
}

/** The way that people expect: the newest and the ones seen last first, names from A. */
export function orderOf(sort: DeviceSort, order: SortOrder | undefined): ListOrder {
  return { sort, order: order ?? (sort === 'name' ? 'asc' : 'desc') };
}

/** What a device is ordered by, the same bytes in the same order on both databases. One without a name goes by its id. */
export function keyOf(kind: DatabaseKind, sort: DeviceSort): RawBuilder<unknown> {
  switch (sort) {
    case 'created':
      return sql`created_at_ms`;
    case 'last_seen':
      return sql`coalesce(last_seen_at_ms, 0)`;
    case 'name':
      return sql`lower(coalesce(name, id))${kind === 'sqlite' ? sql`` : sql` collate "C"`}`;
  }
}

export function keyType(sort: DeviceSort): RawBuilder<unknown> {
  return sort === 'name' ? sql`text` : sql`bigint`;
}

/** Orders places as the databases do: texts by their bytes. */
export function compareKeyed(order: SortOrder): (a: Keyed, b: Keyed) => number {
  const sign = order === 'asc' ? 1 : -1;
  return (a, b) => sign * (compare(a.key, b.key) || compare(a.id, b.id));
}

function compare(a: string | number, b: string | number): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return Buffer.compare(Buffer.from(String(a)), Buffer.from(String(b)));
}

/** Opaque to callers; leads only back into a list of the same kind. */
export function formatKeyed(sort: DeviceSort, { id, key }: Keyed): string {
  return Buffer.from(JSON.stringify([sort, key, id])).toString('base64url');
}

/** The place behind a cursor, or undefined for text that is none, or one of a list in another order. */
export function parseKeyed(sort: DeviceSort, cursor: string): Keyed | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (!Array.isArray(value) || value.length !== 3 || value[0] !== sort) return undefined;
    const [, key, id] = value as unknown[];
    if (typeof id !== 'string' || id.includes('\0')) return undefined;
    if (sort === 'name') return typeof key === 'string' && !key.includes('\0') ? { key, id } : undefined;
    return Number.isSafeInteger(key) ? { key: key as number, id } : undefined;
  } catch {
    return undefined;
  }
}

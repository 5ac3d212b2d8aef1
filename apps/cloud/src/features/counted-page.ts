import { totalCountedMax } from '@edgeflow/contract';
import { type SelectQueryBuilder, sql } from 'kysely';
import type { Database } from '../storage/database.ts';
import type { Tables } from '../storage/tables.ts';

/** Counts the rows of a query, up to {@link totalCountedMax}: counting millions would take longer than the page does. */
export async function countRows<T extends keyof Tables>(
  database: Database,
  matching: SelectQueryBuilder<Tables, T, object>,
): Promise<number> {
  const some = matching.select(sql<number>`1`.as('one')).limit(totalCountedMax);
  const counted = database.db.selectFrom(some.as('few')).select((rows) => rows.fn.countAll<number>().as('n'));
  return (await counted.executeTakeFirstOrThrow()).n;
}

/** Whether so many were counted as there are. */
export function isCountExact(total: number): boolean {
  return total < totalCountedMax;
}

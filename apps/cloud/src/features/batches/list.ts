import type { ListBatchesQuery } from '@edgeflow/contract';
import type { BatchRow } from '../../storage/batch-tables.ts';
import type { Database } from '../../storage/database.ts';
import { countRows, isCountExact } from '../counted-page.ts';
import { byTime, isBehind, type Page, readPage } from '../page.ts';

export interface BatchPage<Row> extends Page<Row> {
  readonly isTotalExact: boolean;
}

/** One page, newest first. */
export async function listBatches(
  database: Database,
  organizationId: string,
  query: ListBatchesQuery,
): Promise<BatchPage<BatchRow>> {
  const matching = database.db.selectFrom('batches').where('organization_id', '=', organizationId);
  const page = await readPage(query, {
    ...byTime,
    count: () => countRows(database, matching),
    read: (limit, { after, offset }) => {
      let rows = matching.selectAll().orderBy('created_at_ms', 'desc').orderBy('id', 'desc').limit(limit);
      if (after !== undefined) rows = rows.where(isBehind(after));
      if (offset !== undefined) rows = rows.offset(offset);
      return rows.execute();
    },
  });
  return { ...page, isTotalExact: isCountExact(page.total) };
}

import type { BatchRow } from '../../storage/batch-tables.ts';
import type { Actor } from '../audit/index.ts';
import type { EventFact } from '../events/index.ts';

/** Whatever happens to a batch without anybody's call. */
export const systemActor: Actor = { kind: 'system', id: 'batches', address: null, requestId: null };

/** Tells readers that a batch is to be looked at again. */
export function changeEvent(
  batch: Pick<BatchRow, 'id' | 'organization_id'>,
  atMs: number,
  data: EventFact['data'] = {},
): EventFact {
  return {
    organizationId: batch.organization_id,
    atMs,
    type: 'batch.changed',
    objectId: batch.id,
    data: { batch_id: batch.id, ...data },
  };
}

export function progressEvent(
  batch: BatchRow,
  atMs: number,
  work: BatchRow['work'],
  done: number,
): EventFact {
  return changeEvent(batch, atMs, { work, done, total: batch.rows_total });
}

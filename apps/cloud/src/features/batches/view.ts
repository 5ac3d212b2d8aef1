import type { Batch, BatchDetail } from '@edgeflow/contract';
import { toRfc3339 } from '@edgeflow/platform';
import type { BatchRow } from '../../storage/batch-tables.ts';
import type { BatchCounts, DeviceCounts } from './counts.ts';

export function viewBatch(row: BatchRow, counts: BatchCounts, makerName: string | null): Batch {
  return {
    id: row.id,
    name: row.name,
    status: statusOf(row),
    created_at: toRfc3339(row.created_at_ms),
    created_by: row.created_by,
    created_by_name: makerName,
    expires_at: toRfc3339(row.expires_at_ms),
    revoked_at: timeOrNull(row.revoked_at_ms),
    group: row.device_group,
    bind: { board_model: row.bind_board_model },
    edition: row.edition,
    progress: { done: row.rows_done, total: row.rows_total },
    counts,
    texts: {
      status: textsOf(row),
      until: timeOrNull(row.texts_until_ms),
      wiped_at: timeOrNull(row.texts_wiped_at_ms),
      wiped_reason: row.texts_wiped_reason,
    },
  };
}

export function viewBatchDetail(batch: Batch, devices: DeviceCounts): BatchDetail {
  return {
    ...batch,
    devices: { online: devices.online, ever_online: devices.everOnline },
    failed_attempts: devices.failedAttempts,
  };
}

function statusOf({ revoked_at_ms: revokedAtMs, work }: BatchRow): Batch['status'] {
  if (revokedAtMs !== null) return 'revoked';
  if (work === null) return 'ready';
  return work === 'make' ? 'making' : 'replacing';
}

function textsOf(row: BatchRow): Batch['texts']['status'] {
  if (row.work !== null) return 'being_made';
  return row.texts_until_ms === null ? 'wiped' : 'available';
}

function timeOrNull(epochMs: number | null): string | null {
  return epochMs === null ? null : toRfc3339(epochMs);
}

import type { Code } from '@edgeflow/contract';
import { toRfc3339 } from '@edgeflow/platform';
import type { CodeRow } from '../../storage/tables.ts';

/** What those behind a code are called; null for those that have no name, or are not known. */
export interface CodeNames {
  readonly maker: string | null;
  readonly device: string | null;
}

/** A code as operators see it: everything but its text, which the cloud does not have. */
export function viewCode(row: CodeRow, names: CodeNames, nowMs: number): Code {
  const expired = row.state === 'active' && row.expires_at_ms <= nowMs;
  return {
    id: row.id,
    status: expired ? 'expired' : row.state,
    name: row.name,
    batch: row.batch_id,
    device_name: row.device_name,
    tags: JSON.parse(row.tags) as string[],
    group: row.device_group,
    bind: {
      mac_address: row.bind_mac_address,
      serial_number: row.bind_serial_number,
      board_model: row.bind_board_model,
    },
    device_id: row.target_device_id,
    created_at: toRfc3339(row.created_at_ms),
    created_by: row.created_by,
    created_by_name: names.maker,
    expires_at: toRfc3339(row.expires_at_ms),
    used_by: row.used_device_id,
    used_by_name: names.device,
    used_at: timeOrNull(row.used_at_ms),
    used_from: row.used_address,
    revoked_at: timeOrNull(row.revoked_at_ms),
    failed_attempts: row.failed_attempts,
    last_failed_at: timeOrNull(row.last_failed_at_ms),
    last_failed_reason: row.last_failed_reason,
  };
}

export function timeOrNull(epochMs: number | null): string | null {
  return epochMs === null ? null : toRfc3339(epochMs);
}

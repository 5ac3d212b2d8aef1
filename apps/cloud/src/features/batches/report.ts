import type { BatchReportRow, ListBatchRowsQuery } from '@edgeflow/contract';
import { toRfc3339 } from '@edgeflow/platform';
import { type RawBuilder, sql } from 'kysely';
import type { BatchRow, BatchRowRow } from '../../storage/batch-tables.ts';
import type { Database } from '../../storage/database.ts';
import type { CodeRow, DeviceRow } from '../../storage/tables.ts';
import { deviceStatusOf } from '../devices/index.ts';

/** A row with its newest code and the device that used it. */
type Joined = Pick<BatchRowRow, 'number' | 'device_name' | 'tags' | 'mac_address' | 'serial_number'> &
  Nullable<
    Pick<
      CodeRow,
      | 'state'
      | 'expires_at_ms'
      | 'used_at_ms'
      | 'used_address'
      | 'failed_attempts'
      | 'last_failed_at_ms'
      | 'last_failed_reason'
    >
  > &
  Nullable<Pick<DeviceRow, 'lifecycle' | 'presence'>> & {
    readonly code_id: string | null;
    readonly device_id: string | null;
    readonly current_name: string | null;
  };
type Nullable<T> = { readonly [Name in keyof T]: T[Name] | null };

/** A page of the report. A batch has 10,000 rows at most, so pages are told by their offset. */
export async function reportRows(
  database: Database,
  batch: Pick<BatchRow, 'id' | 'rows_total'>,
  query: ListBatchRowsQuery,
  nowMs: number,
): Promise<{ rows: BatchReportRow[]; total: number }> {
  const from = sql`from batch_rows r left join provisioning_codes c on c.id = r.code_id
    left join devices d on d.id = c.used_device_id and d.lifecycle <> 'deleted'
    where r.batch_id = ${batch.id} and ${shown(query.show, nowMs)}`;
  const page =
    await sql<Joined>`select r.number, r.device_name, r.tags, r.mac_address, r.serial_number, r.code_id,
      c.state, c.expires_at_ms, c.used_at_ms, c.used_address, c.failed_attempts, c.last_failed_at_ms,
      c.last_failed_reason, d.id as device_id, d.name as current_name, d.lifecycle, d.presence
    ${from} order by r.number limit ${query.limit} offset ${query.offset ?? 0}`.execute(database.db);
  const rows = page.rows.map((row) => viewRow(row, nowMs));
  if (query.show === undefined) return { rows, total: batch.rows_total };
  const counted = await sql<{ n: number }>`select count(*) as n ${from}`.execute(database.db);
  return { rows, total: counted.rows[0]?.n ?? 0 };
}

function shown(show: ListBatchRowsQuery['show'], nowMs: number): RawBuilder<unknown> {
  switch (show) {
    case undefined:
      return sql`1 = 1`;
    case 'active':
      return sql`c.state = 'active' and c.expires_at_ms > ${nowMs}`;
    case 'expired':
      return sql`c.state = 'active' and c.expires_at_ms <= ${nowMs}`;
    case 'used':
    case 'revoked':
      return sql`c.state = ${show}`;
    case 'online':
      return sql`d.lifecycle = 'active' and d.presence = 'online'`;
    case 'not_online':
      return sql`not coalesce(d.lifecycle = 'active' and d.presence = 'online', false)`;
    case 'failed':
      return sql`c.failed_attempts > 0`;
  }
}

function viewRow(row: Joined, nowMs: number): BatchReportRow {
  return {
    row: row.number,
    name: row.device_name,
    serial_number: row.serial_number,
    mac_address: row.mac_address,
    tags: JSON.parse(row.tags) as string[],
    code: viewCode(row, nowMs),
    device: viewDevice(row),
  };
}

function viewCode(row: Joined, nowMs: number): BatchReportRow['code'] {
  const { code_id: id, expires_at_ms: expiresAtMs, state } = row;
  if (id === null || state === null || expiresAtMs === null) return null;
  return {
    id,
    status: state === 'active' && expiresAtMs <= nowMs ? 'expired' : state,
    expires_at: toRfc3339(expiresAtMs),
    used_at: row.used_at_ms === null ? null : toRfc3339(row.used_at_ms),
    used_from: row.used_address,
    failed_attempts: row.failed_attempts ?? 0,
    last_failed_at: row.last_failed_at_ms === null ? null : toRfc3339(row.last_failed_at_ms),
    last_failed_reason: row.last_failed_reason,
  };
}

function viewDevice({
  current_name: name,
  device_id: id,
  lifecycle,
  presence,
}: Joined): BatchReportRow['device'] {
  if (id === null || lifecycle === null || presence === null) return null;
  return { id, name, status: deviceStatusOf({ lifecycle, presence }) };
}

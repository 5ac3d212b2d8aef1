import { sql } from 'kysely';
import type { BatchRow } from '../../storage/batch-tables.ts';
import type { Database } from '../../storage/database.ts';
import { jsonTexts } from '../../storage/json-texts.ts';

/** What has become of the rows of a batch. */
export interface BatchCounts {
  readonly rows: number;
  readonly active: number;
  readonly used: number;
  readonly expired: number;
  readonly revoked: number;
}

interface StateCount {
  readonly batch_id: string;
  readonly state: 'active' | 'used' | 'revoked';
  readonly n: number;
}

/** The counts of these batches, by an index alone. */
export async function countBatches(
  database: Database,
  organizationId: string,
  batches: readonly BatchRow[],
  nowMs: number,
): Promise<ReadonlyMap<string, BatchCounts>> {
  const ids = batches.map(({ id }) => id);
  const found = await sql<StateCount>`select batch_id, state, count(*) as n from provisioning_codes
    where organization_id = ${organizationId} and batch_id in ${jsonTexts(database.kind, ids)}
    group by batch_id, state`.execute(database.db);
  return new Map(batches.map((batch) => [batch.id, countsOf(batch, found.rows, nowMs)]));
}

/**
 * Codes that were replaced are revoked and count no more: of the newest codes of its rows, those are revoked that are
 * neither active nor used. All that are active are of one edition, so they expire together.
 */
function countsOf(batch: BatchRow, found: readonly StateCount[], nowMs: number): BatchCounts {
  const of = (state: StateCount['state']): number =>
    found.find((one) => one.batch_id === batch.id && one.state === state)?.n ?? 0;
  const made = batch.edition === 1 ? batch.rows_done : batch.rows_total;
  const [active, used] = [of('active'), of('used')];
  const hasExpired = batch.expires_at_ms <= nowMs;
  return {
    rows: batch.rows_total,
    active: hasExpired ? 0 : active,
    used,
    expired: hasExpired ? active : 0,
    revoked: Math.max(0, made - active - used),
  };
}

export interface DeviceCounts {
  readonly online: number;
  readonly everOnline: number;
  readonly failedAttempts: number;
}

/** What has become of the devices of one batch. */
export async function countDevices(
  database: Database,
  organizationId: string,
  batchId: string,
): Promise<DeviceCounts> {
  const found = await sql<{ online: number; ever: number; failed: number }>`select
      coalesce(sum(case when d.lifecycle = 'active' and d.presence = 'online' then 1 else 0 end), 0) as online,
      coalesce(sum(case when d.lifecycle <> 'deleted' and d.presence <> 'never_connected' then 1 else 0 end), 0) as ever,
      coalesce(sum(c.failed_attempts), 0) as failed
    from provisioning_codes c left join devices d on d.id = c.used_device_id
    where c.organization_id = ${organizationId} and c.batch_id = ${batchId}`.execute(database.db);
  const [row] = found.rows;
  return {
    online: row?.online ?? 0,
    everOnline: row?.ever ?? 0,
    failedAttempts: row?.failed ?? 0,
  };
}

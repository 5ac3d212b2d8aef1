import { type Overview, rotationLeadDays, rotationWarningDays } from '@edgeflow/contract';
import { toRfc3339 } from '@edgeflow/platform';
import { sql } from 'kysely';
import type { Database } from '../../storage/database.ts';
import { dayMs } from '../credentials/index.ts';

/** Keys of one stretch of time that are looked at. A fleet that was made on one day expires on one day. */
const keysMax = 2_000;
const namedMax = 5;

/** Keys that expire within 60 days or have expired, of devices that may connect. */
export async function countKeys(
  database: Database,
  organizationId: string,
  nowMs: number,
): Promise<Overview['keys']> {
  const leadMs = nowMs + rotationLeadDays * dayMs;
  const warningMs = nowMs + rotationWarningDays * dayMs;
  const expired = await countBetween(database, organizationId, -1, nowMs);
  const lead = await countBetween(database, organizationId, nowMs, leadMs);
  const warning = await countBetween(database, organizationId, leadMs, warningMs);
  const all = [expired, lead, warning];
  return {
    expired: bounded(expired),
    within_30_days: bounded(lead),
    within_60_days: bounded(warning),
    needs_key: {
      count: all.reduce((sum, { needing }) => sum + needing, 0),
      more: all.some(({ looked }) => looked > keysMax),
    },
    soonest: await listSoonest(database, organizationId, nowMs, warningMs),
  };
}

interface Counted {
  /** Keys that were looked at, also those of devices that are gone. */
  readonly looked: number;
  readonly counted: number;
  /** Of them, those whose devices have not shown that they can rotate. */
  readonly needing: number;
}

function bounded({ counted, looked }: Counted): { readonly count: number; readonly more: boolean } {
  return { count: Math.min(counted, keysMax), more: looked > keysMax };
}

async function countBetween(
  database: Database,
  organizationId: string,
  afterMs: number,
  untilMs: number,
): Promise<Counted> {
  const found = await sql<{ looked: number; counted: number | null; needing: number | null }>`
    select count(*) as looked, sum(case when d.lifecycle = 'active' then 1 else 0 end) as counted,
      sum(case when d.lifecycle = 'active' and coalesce(d.can_rotate, 0) = 0 then 1 else 0 end) as needing
    from (select device_id from credentials where organization_id = ${organizationId} and state = 'active'
      and expires_at_ms > ${afterMs} and expires_at_ms <= ${untilMs} order by expires_at_ms
      limit ${keysMax + 1}) few join devices d on d.id = few.device_id`.execute(database.db);
  const row = found.rows[0];
  return { looked: row?.looked ?? 0, counted: row?.counted ?? 0, needing: row?.needing ?? 0 };
}

async function listSoonest(
  database: Database,
  organizationId: string,
  nowMs: number,
  untilMs: number,
): Promise<Overview['keys']['soonest']> {
  const found = await sql<{
    device_id: string;
    name: string | null;
    at_ms: number;
    can_rotate: number | null;
  }>`select d.id as device_id, d.name, few.expires_at_ms as at_ms, d.can_rotate
    from (select device_id, expires_at_ms from credentials where organization_id = ${organizationId}
      and state = 'active' and expires_at_ms > ${nowMs} and expires_at_ms <= ${untilMs}
      order by expires_at_ms limit ${keysMax}) few join devices d on d.id = few.device_id
    where d.lifecycle = 'active' and coalesce(d.can_rotate, 0) = 0
    order by few.expires_at_ms limit ${namedMax}`.execute(database.db);
  return found.rows.map(({ at_ms: atMs, can_rotate: can, ...named }) => ({
    ...named,
    expires_at: toRfc3339(atMs),
    can_rotate: can === null ? null : can === 1,
  }));
}

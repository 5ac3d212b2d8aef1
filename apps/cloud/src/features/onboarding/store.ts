import { sql } from 'kysely';
import type { Database, Tx } from '../../storage/database.ts';
import { forEachRow } from '../../storage/rows.ts';

const hourMs = 3_600_000;

export interface Count {
  readonly organizationId: string;
  /** When the code was made. */
  readonly atMs: number;
  readonly step: 'made' | 'redeemed' | 'online';
}

interface Hour {
  readonly organization_id: string;
  readonly hour_ms: number;
  made: number;
  redeemed: number;
  online: number;
}

const columns = {
  organization_id: 'text',
  hour_ms: 'bigint',
  made: 'bigint',
  redeemed: 'bigint',
  online: 'bigint',
} as const;

/** Adds to the hours' counts, in their order: two nodes never wait for each other in a ring. */
export async function addCounts(tx: Tx, counts: readonly Count[]): Promise<void> {
  if (counts.length === 0) return;
  await forEachRow(tx, columns, hoursOf(counts), (r, from) => {
    const values = sql.join([r.organization_id, r.hour_ms, r.made, r.redeemed, r.online]);
    const source = tx.kind === 'postgres' ? sql`select ${values} ${from}` : sql`values (${values})`;
    return sql`insert into onboarding_hours (organization_id, hour_ms, made, redeemed, online) ${source}
      on conflict (organization_id, hour_ms) do update set made = onboarding_hours.made + excluded.made,
        redeemed = onboarding_hours.redeemed + excluded.redeemed, online = onboarding_hours.online + excluded.online`;
  });
}

function hoursOf(counts: readonly Count[]): Hour[] {
  const hours = new Map<string, Hour>();
  for (const { atMs, organizationId, step } of counts) {
    const startMs = atMs - (atMs % hourMs);
    const key = `${organizationId} ${String(startMs).padStart(16, '0')}`;
    const hour = hours.get(key) ?? {
      ...{ organization_id: organizationId, hour_ms: startMs },
      ...{ made: 0, redeemed: 0, online: 0 },
    };
    hour[step] += 1;
    hours.set(key, hour);
  }
  return [...hours].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, hour]) => hour);
}

/** Codes made since then, to the hour, and what has become of them. */
export async function onboardingSince(
  database: Database,
  organizationId: string,
  sinceMs: number,
): Promise<{ readonly made: number; readonly redeemed: number; readonly online: number }> {
  const row = await database.db
    .selectFrom('onboarding_hours')
    .select(({ fn }) => [
      fn.sum<number | string | null>('made').as('made'),
      fn.sum<number | string | null>('redeemed').as('redeemed'),
      fn.sum<number | string | null>('online').as('online'),
    ])
    .where('organization_id', '=', organizationId)
    .where('hour_ms', '>=', sinceMs - (sinceMs % hourMs))
    .executeTakeFirst();
  return {
    made: Number(row?.made ?? 0),
    redeemed: Number(row?.redeemed ?? 0),
    online: Number(row?.online ?? 0),
  };
}

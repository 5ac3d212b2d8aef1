import { sql } from 'kysely';
import type { Database } from '../../storage/database.ts';

/** Refusals that are looked at, the newest first. */
const refusalsMax = 5_000;
/** Causes there can be: codes of the catalogue. */
const causesMax = 20;

/** The condition of the index `audit_refusals`, word for word: by it alone SQLite finds the index. */
const isRefusal = sql`outcome = 'failure' and action in ('code.redeem', 'key.refused')`;

export interface StoredCause {
  readonly code: string;
  readonly attempts: number;
  /** Codes or devices. */
  readonly objects: number;
  readonly lastAtMs: number;
  readonly lastAddress: string | null;
  readonly lastObject: { readonly kind: 'code' | 'device'; readonly id: string } | null;
}

interface Last {
  readonly address: string | null;
  readonly object_kind: 'code' | 'device';
  readonly object_id: string | null;
}

/** Why codes and keys were refused since then, what happened last first. */
export async function causesSince(
  database: Database,
  organizationId: string,
  sinceMs: number,
): Promise<{ readonly causes: StoredCause[]; readonly more: boolean }> {
  const found = await sql<{ code: string; attempts: number; objects: number; last_ms: number }>`
    select reason as code, count(*) as attempts, count(distinct object_id) as objects, max(at_ms) as last_ms
    from (select reason, object_id, at_ms from audit_log where organization_id = ${organizationId}
      and ${isRefusal} and at_ms >= ${sinceMs} order by at_ms desc limit ${refusalsMax}) few
    group by reason order by max(at_ms) desc limit ${causesMax}`.execute(database.db);
  const causes: StoredCause[] = [];
  for (const { attempts, code, last_ms: lastAtMs, objects } of found.rows) {
    const last = await lastOf(database, organizationId, code, lastAtMs);
    const id = last?.object_id ?? null;
    causes.push({
      ...{ code, attempts, objects, lastAtMs, lastAddress: last?.address ?? null },
      lastObject: last === undefined || id === null ? null : { kind: last.object_kind, id },
    });
  }
  const looked = causes.reduce((sum, { attempts }) => sum + attempts, 0);
  return { causes, more: looked >= refusalsMax };
}

async function lastOf(
  { db }: Database,
  organizationId: string,
  code: string,
  atMs: number,
): Promise<Last | undefined> {
  const found = await sql<Last>`select address, object_kind, object_id from audit_log
    where organization_id = ${organizationId} and ${isRefusal} and at_ms = ${atMs} and reason = ${code}
    limit 1`.execute(db);
  return found.rows[0];
}

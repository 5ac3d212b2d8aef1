import {
  type AuditEntry,
  errorCatalogue,
  isErrorCode,
  type JsonObject,
  type ListAuditQuery,
} from '@edgeflow/contract';
import { toRfc3339 } from '@edgeflow/platform';
import type { Database, Tx } from '../../storage/database.ts';
import { insertRows, type Row } from '../../storage/rows.ts';
import type { AuditRow } from '../../storage/tables.ts';
import { type Page, readPage } from '../page.ts';

const columns = {
  organization_id: 'text',
  at_ms: 'bigint',
  actor_kind: 'text',
  actor_id: 'text',
  action: 'text',
  object_kind: 'text',
  object_id: 'text',
  address: 'text',
  outcome: 'text',
  reason: 'text',
  request_id: 'text',
  detail: 'text',
} as const;

/** Who acts, and from where: what every change records beside itself. */
export interface Actor {
  readonly kind: AuditRow['actor_kind'];
  /** Public id; never a secret. */
  readonly id: string;
  readonly address: string | null;
  readonly requestId: string | null;
}

export interface AuditFact {
  readonly organizationId: string;
  readonly atMs: number;
  readonly actor: Actor;
  /** `noun.verb`, e.g. `code.redeem`. */
  readonly action: string;
  readonly object: { readonly kind: string; readonly id: string } | null;
  readonly outcome: 'success' | 'failure';
  /** Code of the catalogue when the outcome is a failure. */
  readonly reason?: string;
  readonly detail?: Readonly<JsonObject>;
}

/** Writes what happened in the transaction in which it happened. */
export async function insertAudit(tx: Tx, facts: readonly AuditFact[]): Promise<void> {
  await insertRows(tx, 'audit_log', columns, facts.map(toRow));
}

function toRow(fact: AuditFact): Row<typeof columns> {
  return {
    organization_id: fact.organizationId,
    at_ms: fact.atMs,
    actor_kind: fact.actor.kind,
    actor_id: fact.actor.id,
    action: fact.action,
    object_kind: fact.object?.kind ?? null,
    object_id: fact.object?.id ?? null,
    address: fact.actor.address,
    outcome: fact.outcome,
    reason: fact.reason ?? null,
    request_id: fact.actor.requestId,
    detail: JSON.stringify(fact.detail ?? {}),
  };
}

/** One page of the log, newest first. The cursor is the sequence of the last entry shown. */
export async function listAudit(
  database: Database,
  organizationId: string,
  query: ListAuditQuery,
): Promise<Page<AuditEntry>> {
  let matching = database.db.selectFrom('audit_log').where('organization_id', '=', organizationId);
  if (query.actor !== undefined) matching = matching.where('actor_id', '=', query.actor);
  if (query.action !== undefined) matching = matching.where('action', '=', query.action);
  if (query.object !== undefined) matching = matching.where('object_id', '=', query.object);
  if (query.outcome !== undefined) matching = matching.where('outcome', '=', query.outcome);
  if (query.since !== undefined) matching = matching.where('at_ms', '>=', Date.parse(query.since));
  if (query.until !== undefined) matching = matching.where('at_ms', '<=', Date.parse(query.until));

  const page = await readPage(query, {
    parseCursor: parseSequence,
    cursorOf: (row: { readonly sequence: number }) => String(row.sequence),
    count: async () => {
      const counted = matching.select((rows) => rows.fn.countAll<number>().as('total'));
      return (await counted.executeTakeFirstOrThrow()).total;
    },
    read: (limit, { after, offset }) => {
      let rows = matching.selectAll().orderBy('sequence', 'desc').limit(limit);
      if (after !== undefined) rows = rows.where('sequence', '<', after);
      if (offset !== undefined) rows = rows.offset(offset);
      return rows.execute();
    },
  });
  return { ...page, rows: page.rows.map(toEntry) };
}

function parseSequence(cursor: string): number | undefined {
  return /^[0-9]{1,15}$/.test(cursor) ? Number(cursor) : undefined;
}

function toEntry(row: Omit<AuditRow, 'sequence'> & { sequence: number }): AuditEntry {
  return {
    id: `aud_${String(row.sequence)}`,
    at: toRfc3339(row.at_ms),
    actor: { kind: row.actor_kind, id: row.actor_id },
    action: row.action,
    object: row.object_kind === null ? null : { kind: row.object_kind, id: row.object_id ?? '' },
    address: row.address,
    outcome: row.outcome,
    reason: row.reason,
    request_id: row.request_id,
    detail: {
      ...(JSON.parse(row.detail) as AuditEntry['detail']),
      ...(row.reason !== null && isErrorCode(row.reason)
        ? { next_step: errorCatalogue[row.reason].nextStep }
        : {}),
    },
  };
}

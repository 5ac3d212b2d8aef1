import type { AuditAction, JsonObject } from '@edgeflow/contract';
import type { Tx } from '../../storage/database.ts';
import { sql } from 'kysely';
import { forEachRow, type Row } from '../../storage/rows.ts';
import type { AuditRow } from '../../storage/tables.ts';

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
  readonly action: AuditAction;
  readonly object: { readonly kind: string; readonly id: string } | null;
  readonly outcome: 'success' | 'failure';
  /** Code of the catalogue when the outcome is a failure. */
  readonly reason?: string;
  readonly detail?: Readonly<JsonObject>;
}

/**
 * Writes what happened in the transaction in which it happened, with the names that operators have at this moment: who
 * is called something else later is not found under that in what was done before.
 */
export async function insertAudit(tx: Tx, facts: readonly AuditFact[]): Promise<void> {
  const names = Object.keys(columns) as (keyof typeof columns)[];
  const into = sql.raw(`insert into audit_log (${names.join(', ')}, actor_name)`);
  await forEachRow(tx, columns, facts.map(toRow), (r, from) => {
    const actorName = sql`case when ${r.actor_kind} = 'operator' then case when ${r.actor_id} = 'bootstrap'
      then 'bootstrap token' else coalesce((select name from users where id = ${r.actor_id}),
      (select name from operator_tokens where id = ${r.actor_id})) end end`;
    const values = sql`${sql.join(names.map((name) => r[name]))}, ${actorName}`;
    return tx.kind === 'postgres' ? sql`${into} select ${values} ${from}` : sql`${into} values (${values})`;
  });
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

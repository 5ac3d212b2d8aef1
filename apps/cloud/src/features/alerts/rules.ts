import {
  type AuditAction,
  type AlertRule,
  alertRulesMax,
  type CreateAlertRuleRequest,
  type OrderedIds,
  type UpdateAlertRuleRequest,
} from '@edgeflow/contract';
import { sql } from 'kysely';
import { ProblemError } from '../../http/problems.ts';
import type { Database, Tx } from '../../storage/database.ts';
import { storableText } from '../../storage/text.ts';
import { insertAudit } from '../audit/index.ts';
import type { Operator } from '../identity/index.ts';
import type { AlertRuleRow } from '../../storage/alert-tables.ts';
import { viewRule } from './view.ts';

const minuteMs = 60_000;

export interface RulesOptions {
  readonly database: Database;
  readonly nextId: OrderedIds;
}

/** What administrators do with alert rules. */
export class AlertRules {
  readonly #options: RulesOptions;

  constructor(options: RulesOptions) {
    this.#options = options;
  }

  async list({ organizationId }: Operator): Promise<AlertRule[]> {
    const rows = await this.#options.database.db
      .selectFrom('alert_rules')
      .selectAll()
      .where('organization_id', '=', organizationId)
      .orderBy('device_group')
      .execute();
    return rows.map(viewRule);
  }

  /** Devices that have been offline for longer than the rule says already are nobody's news. */
  async create(operator: Operator, request: CreateAlertRuleRequest): Promise<AlertRule> {
    const { database, nextId } = this.#options;
    const { organizationId } = operator;
    return database.transaction(async (tx) => {
      await holdOrganization(tx, organizationId);
      const group = request.group === null ? '' : storableText(request.group);
      const known = await tx.db
        .selectFrom('alert_rules')
        .select('device_group')
        .where('organization_id', '=', organizationId)
        .execute();
      if (known.some((rule) => rule.device_group === group)) throw new ProblemError('alert_rule_exists');
      if (known.length >= alertRulesMax) throw new ProblemError('alert_limit_reached');
      await requireEndpoints(tx, organizationId, request.endpoint_ids);
      const row: AlertRuleRow = {
        id: nextId('alertRule'),
        organization_id: organizationId,
        device_group: group,
        offline_minutes: request.offline_minutes,
        key_days: request.key_days,
        endpoint_ids: request.endpoint_ids === null ? null : JSON.stringify(request.endpoint_ids),
        created_at_ms: tx.nowMs,
        offline_edge_ms: tx.nowMs - (request.offline_minutes ?? 0) * minuteMs,
        swept_at_ms: 0,
        keys_swept_at_ms: 0,
      };
      await tx.db.insertInto('alert_rules').values(row).execute();
      await record(tx, operator, 'alert_rule.create', viewRule(row));
      return viewRule(row);
    });
  }

  async update(operator: Operator, id: string, change: UpdateAlertRuleRequest): Promise<AlertRule> {
    return this.#options.database.transaction(async (tx) => {
      const before = await holdRule(tx, operator, id);
      const after: AlertRuleRow = {
        ...before,
        offline_minutes:
          change.offline_minutes === undefined ? before.offline_minutes : change.offline_minutes,
        key_days: change.key_days === undefined ? before.key_days : change.key_days,
        endpoint_ids: nextEndpoints(before, change),
        // It is looked at anew, with what it says now.
        keys_swept_at_ms: 0,
      };
      if (after.offline_minutes === null && after.key_days === null) {
        const message = 'must watch for something: set offline_minutes or key_days';
        throw new ProblemError('request_malformed', { errors: [{ field: 'offline_minutes', message }] });
      }
      if (before.offline_minutes === null && after.offline_minutes !== null) {
        after.offline_edge_ms = tx.nowMs - after.offline_minutes * minuteMs;
      }
      await requireEndpoints(tx, operator.organizationId, change.endpoint_ids ?? null);
      const { id: _, ...columns } = after;
      await tx.db.updateTable('alert_rules').set(columns).where('id', '=', id).execute();
      await record(tx, operator, 'alert_rule.update', viewRule(after));
      return viewRule(after);
    });
  }

  async delete(operator: Operator, id: string): Promise<void> {
    await this.#options.database.transaction(async (tx) => {
      const row = await holdRule(tx, operator, id);
      await tx.db
        .updateTable('alert_incidents')
        .set({ state: 'resolved', resolved_at_ms: tx.nowMs })
        .where('rule_id', '=', id)
        .where(sql<boolean>`state = 'open'`)
        .execute();
      await tx.db.deleteFrom('alert_rules').where('id', '=', id).execute();
      await record(tx, operator, 'alert_rule.delete', viewRule(row));
    });
  }
}

function nextEndpoints(before: AlertRuleRow, change: UpdateAlertRuleRequest): string | null {
  if (change.endpoint_ids === undefined) return before.endpoint_ids;
  return change.endpoint_ids === null ? null : JSON.stringify(change.endpoint_ids);
}

/** Whoever adds rules or endpoints counts them first. */
export async function holdOrganization(tx: Tx, organizationId: string): Promise<void> {
  await sql`select id from organizations where id = ${organizationId} ${tx.forUpdate}`.execute(tx.db);
}

async function holdRule(tx: Tx, { organizationId }: Operator, id: string): Promise<AlertRuleRow> {
  const found = await sql<AlertRuleRow>`select * from alert_rules where id = ${id}
    and organization_id = ${organizationId} ${tx.forUpdate}`.execute(tx.db);
  const row = found.rows[0];
  if (row === undefined) throw new ProblemError('alert_rule_not_found');
  return row;
}

async function requireEndpoints(
  tx: Tx,
  organizationId: string,
  ids: readonly string[] | null,
): Promise<void> {
  if (ids === null) return;
  const rows = await tx.db
    .selectFrom('alert_endpoints')
    .select('id')
    .where('organization_id', '=', organizationId)
    .execute();
  const known = new Set(rows.map(({ id }) => id));
  if (ids.some((id) => !known.has(id))) throw new ProblemError('alert_endpoint_not_found');
}

async function record(
  tx: Tx,
  { actor, organizationId }: Operator,
  action: AuditAction,
  { id, ...rule }: AlertRule,
): Promise<void> {
  const object = { kind: 'alert_rule', id };
  const detail = { group: rule.group, offline_minutes: rule.offline_minutes, key_days: rule.key_days };
  await insertAudit(tx, [
    { organizationId, atMs: tx.nowMs, actor, action, object, outcome: 'success', detail },
  ]);
}

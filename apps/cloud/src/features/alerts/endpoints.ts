import {
  type AuditAction,
  type AlertDelivery,
  type AlertEndpoint,
  type AlertEndpointMade,
  alertEndpointsMax,
  alertSecretOverlapSeconds,
  type CreateAlertEndpointRequest,
  type OrderedIds,
  type UpdateAlertEndpointRequest,
} from '@edgeflow/contract';
import type { Random } from '@edgeflow/platform';
import { sql } from 'kysely';
import { z } from 'zod';
import type { NetworkSet } from '../../http/addresses.ts';
import { ProblemError } from '../../http/problems.ts';
import type { KeyRing } from '../../keyring/index.ts';
import { addressProblem } from '../../outbound/index.ts';
import type { Database, Tx } from '../../storage/database.ts';
import { storableText } from '../../storage/text.ts';
import { insertAudit } from '../audit/index.ts';
import type { Operator } from '../identity/index.ts';
import { testMessage } from './message.ts';
import { endWaiting, enqueue } from './outbox.ts';
import { holdOrganization } from './rules.ts';
import { makeSecret, sealSecret } from './secrets.ts';
import type { AlertEndpointRow } from '../../storage/alert-tables.ts';
import { viewDelivery, viewEndpoint } from './view.ts';

export interface EndpointsOptions {
  readonly database: Database;
  readonly keyRing: KeyRing;
  readonly random: Random;
  readonly nextId: OrderedIds;
  readonly networks: NetworkSet;
  readonly canSendEmail: boolean;
  readonly publicUrl: () => string;
  /** Called after the commit of what is to be sent. */
  readonly written: () => void;
}

/** What administrators do with the places that alerts are delivered to. */
export class AlertEndpoints {
  readonly #options: EndpointsOptions;

  constructor(options: EndpointsOptions) {
    this.#options = options;
  }

  async list({ organizationId }: Operator): Promise<{ endpoints: AlertEndpoint[]; can_send_email: boolean }> {
    const { canSendEmail, database } = this.#options;
    const nowMs = await database.nowMs();
    const rows = await database.db
      .selectFrom('alert_endpoints')
      .selectAll()
      .where('organization_id', '=', organizationId)
      .orderBy('created_at_ms')
      .orderBy('id')
      .execute();
    return { endpoints: rows.map((row) => viewEndpoint(row, nowMs)), can_send_email: canSendEmail };
  }

  /** The secret of a webhook exists in this answer, and sealed. */
  async create(operator: Operator, request: CreateAlertEndpointRequest): Promise<AlertEndpointMade> {
    const { database, nextId } = this.#options;
    const { organizationId } = operator;
    const { target } = request;
    this.#requireTarget(request.kind, target);
    return database.transaction(async (tx) => {
      await holdOrganization(tx, organizationId);
      const { n } = await tx.db
        .selectFrom('alert_endpoints')
        .select(({ fn }) => fn.countAll<number>().as('n'))
        .where('organization_id', '=', organizationId)
        .executeTakeFirstOrThrow();
      if (n >= alertEndpointsMax) throw new ProblemError('alert_limit_reached');
      const id = nextId('alertEndpoint');
      const { columns, shown } = request.kind === 'webhook' ? this.#freshSecret(id) : noSecret;
      const row: AlertEndpointRow = {
        ...{ id, organization_id: organizationId, kind: request.kind, name: storableText(request.name) },
        ...{ target: storableText(target), created_at_ms: tx.nowMs, ...columns },
        ...{ old_secret: null, old_secret_until_ms: null, disabled_at_ms: null, disabled_reason: null },
        ...{ failing_since_ms: null, last_error: null, last_delivered_at_ms: null },
      };
      await tx.db.insertInto('alert_endpoints').values(row).execute();
      await record(tx, operator, 'alert_endpoint.create', row);
      return { endpoint: viewEndpoint(row, tx.nowMs), secret: shown };
    });
  }

  async update(operator: Operator, id: string, change: UpdateAlertEndpointRequest): Promise<AlertEndpoint> {
    return this.#options.database.transaction(async (tx) => {
      const row = await hold(tx, operator, id);
      if (change.target !== undefined) this.#requireTarget(row.kind, change.target);
      const isOff = row.disabled_at_ms !== null;
      const switched =
        change.enabled === undefined || change.enabled === !isOff
          ? {}
          : change.enabled
            ? { disabled_at_ms: null, disabled_reason: null, failing_since_ms: null, last_error: null }
            : { disabled_at_ms: tx.nowMs, disabled_reason: 'An administrator switched it off.' };
      const set = {
        ...(change.name === undefined ? {} : { name: storableText(change.name) }),
        ...(change.target === undefined ? {} : { target: storableText(change.target) }),
        ...switched,
      };
      const after = { ...row, ...set };
      const columns = { name: after.name, target: after.target, ...switched };
      await tx.db.updateTable('alert_endpoints').set(columns).where('id', '=', id).execute();
      if (change.enabled === false) await endWaiting(tx, id, 'the endpoint was switched off');
      await record(tx, operator, 'alert_endpoint.update', after);
      return viewEndpoint(after, tx.nowMs);
    });
  }

  /** Rules that named it go on without it. */
  async delete(operator: Operator, id: string): Promise<void> {
    const { organizationId } = operator;
    await this.#options.database.transaction(async (tx) => {
      const row = await hold(tx, operator, id);
      const rules = await tx.db
        .selectFrom('alert_rules')
        .select(['id', 'endpoint_ids'])
        .where('organization_id', '=', organizationId)
        .where('endpoint_ids', 'is not', null)
        .orderBy('id')
        .execute();
      for (const rule of rules) {
        const ids = JSON.parse(rule.endpoint_ids ?? '[]') as string[];
        if (!ids.includes(id)) continue;
        const rest = JSON.stringify(ids.filter((one) => one !== id));
        await tx.db
          .updateTable('alert_rules')
          .set({ endpoint_ids: rest })
          .where('id', '=', rule.id)
          .execute();
      }
      await tx.db.deleteFrom('alert_endpoints').where('id', '=', id).execute();
      await endWaiting(tx, id, 'the endpoint was deleted');
      await record(tx, operator, 'alert_endpoint.delete', row);
    });
  }

  /** The old secret signs beside the new one for a day, so that no message is refused while receivers change over. */
  async rotateSecret(operator: Operator, id: string): Promise<AlertEndpointMade> {
    return this.#options.database.transaction(async (tx) => {
      const row = await hold(tx, operator, id);
      if (row.kind !== 'webhook') return { endpoint: viewEndpoint(row, tx.nowMs), secret: null };
      const { columns, shown } = this.#freshSecret(id, row.server_key_id);
      const change = {
        ...columns,
        old_secret: row.secret,
        old_secret_until_ms: tx.nowMs + alertSecretOverlapSeconds * 1000,
      };
      await tx.db.updateTable('alert_endpoints').set(change).where('id', '=', id).execute();
      await record(tx, operator, 'alert_endpoint.rotate_secret', row);
      return { endpoint: viewEndpoint({ ...row, ...change }, tx.nowMs), secret: shown };
    });
  }

  async test(operator: Operator, id: string): Promise<AlertDelivery> {
    const { database, nextId, publicUrl, written } = this.#options;
    const delivery = await database.transaction(async (tx) => {
      const row = await hold(tx, operator, id);
      if (row.disabled_at_ms !== null) throw new ProblemError('alert_endpoint_disabled');
      const message = testMessage({ nowMs: tx.nowMs, publicUrl: publicUrl() });
      const wanted = [{ endpointId: id, incidentId: null, kind: 'test' as const, message }];
      const [made] = await enqueue(tx, operator.organizationId, wanted, nextId);
      if (made === undefined) throw new ProblemError('alert_limit_reached');
      await record(tx, operator, 'alert_endpoint.test', row);
      return viewDelivery(made);
    });
    written();
    return delivery;
  }

  #requireTarget(kind: AlertEndpointRow['kind'], target: string): void {
    if (kind === 'webhook') {
      const problem = addressProblem(target, this.#options.networks);
      if (problem !== undefined) throw new ProblemError('alert_address_refused', { detail: problem });
      return;
    }
    if (!this.#options.canSendEmail) throw new ProblemError('mail_not_configured');
    if (!z.email().safeParse(target).success) {
      throw new ProblemError('alert_address_refused', { detail: 'It is no e-mail address.' });
    }
  }

  /** @param sameKeyId both secrets of a row are sealed with one key */
  #freshSecret(owner: string, sameKeyId?: string | null): FreshSecret {
    const { keyRing, random } = this.#options;
    const shown = makeSecret(random);
    const keyId = sameKeyId ?? keyRing.currentId;
    return {
      shown,
      columns: { server_key_id: keyId, secret: sealSecret(keyRing, keyId, owner, shown, random) },
    };
  }
}

interface FreshSecret {
  /** null: e-mail needs none. */
  readonly shown: string | null;
  readonly columns: Pick<AlertEndpointRow, 'server_key_id' | 'secret'>;
}

const noSecret: FreshSecret = { shown: null, columns: { server_key_id: null, secret: null } };

async function hold(tx: Tx, { organizationId }: Operator, id: string): Promise<AlertEndpointRow> {
  const found = await sql<AlertEndpointRow>`select * from alert_endpoints where id = ${id}
    and organization_id = ${organizationId} ${tx.forUpdate}`.execute(tx.db);
  const row = found.rows[0];
  if (row === undefined) throw new ProblemError('alert_endpoint_not_found');
  return row;
}

/** A URL may hold a secret of its receiver in its path, so of a webhook the host alone is written down. */
async function record(
  tx: Tx,
  { actor, organizationId }: Operator,
  action: AuditAction,
  { disabled_at_ms: disabledAtMs, id, kind, name, target }: AlertEndpointRow,
): Promise<void> {
  const object = { kind: 'alert_endpoint', id };
  const where = kind === 'webhook' ? new URL(target).host : target;
  const detail = { name, kind, target: where, enabled: disabledAtMs === null };
  await insertAudit(tx, [
    { organizationId, atMs: tx.nowMs, actor, action, object, outcome: 'success', detail },
  ]);
}

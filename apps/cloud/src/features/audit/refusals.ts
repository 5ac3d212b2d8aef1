import { type ErrorCode, isId } from '@edgeflow/contract';
import type { OperatorRefusal } from '../../http/server.ts';
import type { Database } from '../../storage/database.ts';
import { insertAudit } from './store.ts';

/** Slips of a form or a program, not attempts at something; and refusals that the feature itself writes down. */
const unrecorded: readonly ErrorCode[] = [
  'request_malformed',
  'body_too_large',
  'media_type_unsupported',
  'route_unknown',
  'method_not_allowed',
  'device_offline',
  'command_timeout',
];

/** Writes down what an operator tried and was refused. Reads that found nothing are no attempts. */
export async function auditRefusal(database: Database, refusal: OperatorRefusal): Promise<void> {
  const { address, call, code, objectId, operator, requestId } = refusal;
  const isFruitlessRead = call.startsWith('GET ') && code !== 'forbidden';
  if (unrecorded.includes(code) || isFruitlessRead) return;
  const { id, organizationId } = operator;
  const kind = kindOf(call);
  // What is no id of this cloud names nothing.
  const object = objectId !== undefined && isId(kind, objectId) ? { kind, id: objectId } : null;
  await database.transaction((tx) =>
    insertAudit(tx, [
      {
        organizationId,
        atMs: tx.nowMs,
        actor: { kind: 'operator', id, address, requestId },
        action: 'call.refused',
        object,
        outcome: 'failure',
        reason: code,
        detail: { call },
      },
    ]),
  );
}

function kindOf(call: string): 'batch' | 'code' | 'device' {
  if (call.includes('/batches')) return 'batch';
  return call.includes('/provisioning-codes') ? 'code' : 'device';
}

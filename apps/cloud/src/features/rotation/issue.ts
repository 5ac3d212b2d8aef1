import { type AuditAction, formatApiKey, type OrderedIds, secretBytes } from '@edgeflow/contract';
import type { Random } from '@edgeflow/platform';
import type { Tx } from '../../storage/database.ts';
import type { CredentialRow, DeviceRow } from '../../storage/tables.ts';
import { type Actor, insertAudit } from '../audit/index.ts';
import { hashApiKey, issueCredentials, keyLife } from '../credentials/index.ts';
import { type EventFact, insertEvents } from '../events/index.ts';

/** A key as it is given out: its text exists here and nowhere else. */
export interface NewKey {
  readonly credentialId: string;
  readonly apiKey: string;
  readonly expiresAtMs: number;
}

export interface KeyIssuing {
  readonly keyTtlDays: number;
  readonly random: Random;
  readonly nextId: OrderedIds;
}

/** Issues a device that is held a new key, in the place of one that was issued and never used. */
export async function issueKey(
  tx: Tx,
  row: DeviceRow,
  origin: CredentialRow['origin'],
  { keyTtlDays, nextId, random }: KeyIssuing,
): Promise<NewKey> {
  const apiKey = formatApiKey(random.bytes(secretBytes));
  const credentialId = nextId('credential');
  const life = keyLife(tx.nowMs, keyTtlDays, random);
  await issueCredentials(
    tx,
    [
      {
        id: credentialId,
        organizationId: row.organization_id,
        deviceId: row.id,
        keyHash: hashApiKey(apiKey),
        origin,
        ...life,
      },
    ],
    [row.id],
  );
  return { credentialId, apiKey, expiresAtMs: life.expiresAtMs };
}

/** Writes down what was done about the key of a device. */
export async function recordKey(
  tx: Tx,
  row: DeviceRow,
  actor: Actor,
  action: AuditAction,
  keyId?: string,
  event?: EventFact,
): Promise<void> {
  const object = { kind: 'device', id: row.id };
  const detail = keyId === undefined ? {} : { key_id: keyId };
  const organizationId = row.organization_id;
  await insertAudit(tx, [
    { organizationId, atMs: tx.nowMs, actor, action, object, outcome: 'success', detail },
  ]);
  if (event !== undefined) await insertEvents(tx, [event]);
}

export function eventOf(row: DeviceRow, atMs: number, type: EventFact['type'], keyId: string): EventFact {
  const data = { device_id: row.id, key_id: keyId };
  return { organizationId: row.organization_id, atMs, type, objectId: row.id, data };
}

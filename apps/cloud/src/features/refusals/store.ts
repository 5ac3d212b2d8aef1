import { sql } from 'kysely';
import type { Tx } from '../../storage/database.ts';
import { jsonTexts } from '../../storage/json-texts.ts';
import { type AuditFact, insertAudit } from '../audit/index.ts';
import { insertEvents } from '../events/index.ts';
import type { RefusedKey } from './refused-key.ts';

/** Writes down refusals in the organizations of their devices. Returns those whose device there is, or was. */
export async function recordRefusals(tx: Tx, refused: readonly RefusedKey[]): Promise<RefusedKey[]> {
  const ids = [...new Set(refused.map(({ deviceId }) => deviceId))];
  const owners = await sql<{ id: string; organization_id: string }>`select id, organization_id from devices
    where id in ${jsonTexts(tx.kind, ids)}`.execute(tx.db);
  const organizations = new Map(owners.rows.map((row) => [row.id, row.organization_id]));
  const known = refused.filter(({ deviceId }) => organizations.has(deviceId));
  const about = known.map(({ address, code, deviceId }) => ({
    organizationId: organizations.get(deviceId) ?? '',
    fact: { address, code, deviceId },
  }));
  await insertAudit(
    tx,
    about.map(({ fact, organizationId }): AuditFact => {
      // Whoever it was did not prove to be the device.
      const actor = { kind: 'anonymous', id: 'device', address: fact.address, requestId: null } as const;
      return {
        ...{ organizationId, atMs: tx.nowMs, actor, action: 'key.refused', outcome: 'failure' },
        ...{ object: { kind: 'device', id: fact.deviceId }, reason: fact.code },
      };
    }),
  );
  await insertEvents(
    tx,
    about.map(({ fact, organizationId }) => ({
      ...{ organizationId, atMs: tx.nowMs, type: 'device.refused', objectId: fact.deviceId },
      data: { device_id: fact.deviceId, reason: fact.code, address: fact.address },
    })),
  );
  return known;
}

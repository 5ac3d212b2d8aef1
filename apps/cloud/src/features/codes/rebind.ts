import type { UpdateCodeRequest } from '@edgeflow/contract';
import { ProblemError } from '../../http/problems.ts';
import type { Database } from '../../storage/database.ts';
import { insertAudit } from '../audit/index.ts';
import { type Events, insertEvents } from '../events/index.ts';
import type { Operator } from '../identity/index.ts';
import { readCode } from './store.ts';

/**
 * Binds an active code to other hardware, or to none. The one conditional update decides: a code that is redeemed at
 * the same moment keeps the binding it was redeemed under.
 */
export async function rebindCode(
  { database, events }: { readonly database: Database; readonly events: Events },
  { actor, organizationId }: Operator,
  id: string,
  { bind }: UpdateCodeRequest,
): Promise<void> {
  await database.transaction(async (tx) => {
    const binding = {
      bind_mac_address: bind?.mac_address ?? null,
      bind_serial_number: bind?.serial_number ?? null,
      bind_board_model: bind?.board_model ?? null,
    };
    const result = await tx.db
      .updateTable('provisioning_codes')
      .set(binding)
      .where('organization_id', '=', organizationId)
      .where('id', '=', id)
      .where('state', '=', 'active')
      .where('expires_at_ms', '>', tx.nowMs)
      .executeTakeFirst();
    if (result.numUpdatedRows === 0n) {
      const known = await readCode(tx, organizationId, id);
      throw new ProblemError(known === undefined ? 'code_not_found' : 'code_not_active');
    }
    const fact = { organizationId, atMs: tx.nowMs } as const;
    await insertAudit(tx, [
      {
        ...fact,
        actor,
        action: 'code.update',
        object: { kind: 'code', id },
        outcome: 'success',
        detail: binding,
      },
    ]);
    await insertEvents(tx, [{ ...fact, type: 'code.updated', objectId: id, data: { code_id: id } }]);
  });
  events.poke();
}

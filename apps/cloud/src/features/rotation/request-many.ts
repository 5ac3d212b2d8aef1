import type { ErrorCode } from '@edgeflow/contract';
import type { Tx } from '../../storage/database.ts';
import type { CredentialRow, DeviceRow } from '../../storage/tables.ts';
import { livingCredentials } from '../credentials/index.ts';
import { wantRotations } from './store.ts';

/**
 * Asks for the rotation of devices that are held. The security watch brings it to their tunnels, wherever they end, and
 * each node offers a few a second.
 *
 * @returns those that are asked, and why how many of the others are not
 */
export async function requestRotations(
  tx: Tx,
  rows: readonly DeviceRow[],
): Promise<{ readonly changed: string[]; readonly skipped: Map<ErrorCode, number> }> {
  const ids = rows.map(({ id }) => id);
  const living = Map.groupBy(await livingCredentials(tx, ids), (credential) => credential.device_id);
  const skipped = new Map<ErrorCode, number>();
  const changed = rows.flatMap((row) => {
    const reason = whyNot(row, living.get(row.id) ?? []);
    if (reason === undefined) return row.id;
    skipped.set(reason, (skipped.get(reason) ?? 0) + 1);
    return [];
  });
  await wantRotations(tx, changed);
  return { changed, skipped };
}

/** What keeps a device from being offered a key: the same as when it alone is asked. */
function whyNot(row: DeviceRow, living: readonly CredentialRow[]): ErrorCode | undefined {
  if (row.lifecycle !== 'active') return 'device_state_conflict';
  if (row.clone_suspected_at_ms !== null) return 'rotation_suspended';
  const hasUnused = living.some(({ origin, state }) => state === 'issued' && origin !== 'rotation');
  return hasUnused || living.length === 0 ? 'device_state_conflict' : undefined;
}

import type { ErrorCode } from '@edgeflow/contract';
import type { Timers } from '@edgeflow/platform';
import type { Database, Tx } from '../../storage/database.ts';
import { GroupCommit } from '../../storage/group-commit.ts';
import { admit, type Knocking } from '../clones/index.ts';
import { authenticateKeys, type PresentedKey } from '../credentials/index.ts';
import { type EventFact, type Events, insertEvents } from '../events/index.ts';
import { markOnline } from './store.ts';

export interface ConnectionRequest extends PresentedKey, Knocking {
  readonly deviceId: string;
  /** Version that the agent gives of itself. */
  readonly version: string | null;
}

export type ConnectionVerdict =
  | {
      readonly kind: 'accepted';
      readonly deviceId: string;
      readonly organizationId: string;
      readonly credentialId: string;
      /** Larger for every accepted connection of the device: the older one yields. */
      readonly epoch: number;
      readonly keyExpiresAtMs: number;
      readonly restricted: boolean;
      /** When a new key was asked for that the device has not got yet; null: it has none to come. */
      readonly rotationWantedAtMs: number | null;
      /** When it was accepted, by the database's clock. */
      readonly atMs: number;
      /** A process that another one had superseded is back: whether it lives is worth asking. */
      readonly isReturn: boolean;
    }
  | {
      readonly kind: 'refused';
      readonly code: ErrorCode;
      /** To stay away for so long, where that is all that is asked. */
      readonly waitSeconds?: number;
    };

/**
 * Admits tunnels. Those that ask at the same moment share one transaction: the key's first use, the new epoch and
 * the presence of each are durable before its device hears `connected`.
 */
export class Connections {
  readonly #commits: GroupCommit<ConnectionRequest, ConnectionVerdict>;
  readonly #events: Events;

  constructor(database: Database, timers: Timers, events: Events) {
    this.#events = events;
    this.#commits = new GroupCommit<ConnectionRequest, ConnectionVerdict>({
      database,
      timers,
      keyOf: (request) => request.deviceId,
      itemsPerBatchMax: 256,
      waitingMax: 50_000,
      run: admitBatch,
    });
  }

  async admit(request: ConnectionRequest): Promise<ConnectionVerdict> {
    const verdict = await this.#commits.submit(request);
    if (verdict.kind === 'accepted') this.#events.poke();
    return verdict;
  }
}

async function admitBatch(tx: Tx, requests: readonly ConnectionRequest[]): Promise<ConnectionVerdict[]> {
  const { verdicts, events } = await authenticateKeys(tx, requests);
  const judged = requests.map((request, index) => {
    const verdict = verdicts[index];
    if (verdict === undefined) throw new Error('a key was not judged');
    if (verdict.kind === 'refused') return verdict;
    const { address, boot, here, instance } = request;
    const knocking = { address, boot, here, instance };
    const admittance = admit(verdict.match.device, knocking, verdict.first, tx.nowMs);
    if (admittance.kind === 'enter') return { ...verdict, ...admittance, request };
    return { kind: 'refused', code: 'clone_suspected', waitSeconds: admittance.seconds } as const;
  });
  const online = await markOnline(
    tx,
    judged.flatMap((one) => {
      if (one.kind === 'refused') return [];
      const { deviceId, address, version } = one.request;
      return { deviceId, address, version, history: one.history };
    }),
  );
  const results = judged.map((one): ConnectionVerdict => {
    if (one.kind === 'refused') return one;
    const { credential, device } = one.match;
    const row = online.get(device.id);
    if (row === undefined) throw new Error('an admitted device has no row');
    return {
      kind: 'accepted',
      deviceId: device.id,
      organizationId: device.organization_id,
      credentialId: credential.id,
      epoch: row.session_epoch,
      keyExpiresAtMs: credential.expires_at_ms,
      restricted: one.restricted,
      rotationWantedAtMs: row.rotation_wanted_at_ms,
      isReturn: one.isReturn,
      atMs: tx.nowMs,
    };
  });
  await insertEvents(tx, [...events, ...onlineEvents(tx, requests, results)]);
  return results;
}

function onlineEvents(
  tx: Tx,
  requests: readonly ConnectionRequest[],
  results: readonly ConnectionVerdict[],
): EventFact[] {
  return results.flatMap((result, index) => {
    if (result.kind !== 'accepted') return [];
    const address = requests[index]?.address ?? null;
    const data = { device_id: result.deviceId, address };
    const { deviceId: objectId, organizationId } = result;
    return [{ organizationId, atMs: tx.nowMs, type: 'device.online' as const, objectId, data }];
  });
}

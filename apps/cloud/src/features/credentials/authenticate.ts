import type { Timers } from '@edgeflow/platform';
import type { WrongCredentials } from '../../limits/wrong-credentials.ts';
import type { Database, Tx } from '../../storage/database.ts';
import { GroupCommit } from '../../storage/group-commit.ts';
import { insertAudit } from '../audit/index.ts';
import { type EventFact, insertEvents } from '../events/index.ts';
import { countOnline } from '../onboarding/index.ts';
import { judgeKey, type KeyVerdict } from './decide.ts';
import { hashApiKey } from './key-life.ts';
import { activateCredentials, matchKeys } from './store.ts';

/** A key as it was presented, reduced to its hash. */
export interface PresentedKey {
  /** undefined where the caller claims no id and wants to learn whose key it is. */
  readonly deviceId: string | undefined;
  readonly keyHash: string;
  readonly address: string;
}

type Accepted = Extract<KeyVerdict, { kind: 'accepted' }>;
type Refused = Extract<KeyVerdict, { kind: 'refused' }>;

/**
 * Judges keys, no two of one device, inside a transaction, and makes first authentications durable with it.
 * The caller adds its own writes and then publishes the events.
 */
export async function authenticateKeys(
  tx: Tx,
  presented: readonly PresentedKey[],
): Promise<{ verdicts: KeyVerdict[]; events: EventFact[] }> {
  const matches = await matchKeys(
    tx,
    presented.map((key) => key.keyHash),
  );
  const verdicts = presented.map((key) => judgeKey(matches.get(key.keyHash), key.deviceId, tx.nowMs));
  const first: Accepted[] = [];
  const addresses = new Map<string, string>();
  verdicts.forEach((verdict, index) => {
    if (verdict.kind !== 'accepted' || !verdict.first) return;
    first.push(verdict);
    addresses.set(verdict.match.device.id, presented[index]?.address ?? '');
  });
  if (first.length === 0) return { verdicts, events: [] };

  const replaced = new Set(
    await activateCredentials(
      tx,
      first.map(({ match }) => match.credential),
    ),
  );
  await insertAudit(
    tx,
    first.map(({ match }) => ({
      organizationId: match.device.organization_id,
      atMs: tx.nowMs,
      actor: {
        kind: 'device',
        id: match.device.id,
        address: addresses.get(match.device.id) ?? null,
        requestId: null,
      },
      action: 'key.first_use',
      object: { kind: 'device', id: match.device.id },
      outcome: 'success',
      detail: {
        key_id: match.credential.id,
        replaced_earlier_key: replaced.has(match.device.id),
        ended_quarantine: match.device.lifecycle === 'quarantined',
      },
    })),
  );
  const byCode = first.filter(({ match }) => match.credential.origin === 'code');
  await countOnline(
    tx,
    byCode.flatMap(({ match }) => match.device.code_id ?? []),
  );
  const rotated = first.filter(({ match }) => replaced.has(match.device.id));
  const restored = first.filter(({ match }) => match.device.lifecycle === 'quarantined');
  return {
    verdicts,
    events: [
      ...rotated.map(({ match }) => keyEvent('device.key_rotated', match, tx.nowMs)),
      ...restored.map(({ match }) => keyEvent('device.restored', match, tx.nowMs)),
    ],
  };
}

function keyEvent(type: EventFact['type'], match: Accepted['match'], atMs: number): EventFact {
  const { device, credential } = match;
  return {
    organizationId: device.organization_id,
    atMs,
    type,
    objectId: device.id,
    data: { device_id: device.id, key_id: credential.id },
  };
}

/** Answers for keys that come over HTTP. A known key costs one read; its first use is committed before the answer. */
export class KeyAuthenticator {
  readonly #database: Database;
  readonly #firstUses: GroupCommit<PresentedKey, KeyVerdict>;
  readonly #afterCommit: (deviceIds: readonly string[]) => void;
  readonly #wrongKeys: WrongCredentials;

  constructor(
    database: Database,
    timers: Timers,
    afterCommit: (deviceIds: readonly string[]) => void,
    wrongKeys: WrongCredentials,
  ) {
    this.#database = database;
    this.#wrongKeys = wrongKeys;
    this.#firstUses = new GroupCommit<PresentedKey, KeyVerdict>({
      database,
      timers,
      keyOf: (key) => key.keyHash,
      itemsPerBatchMax: 256,
      waitingMax: 10_000,
      run: async (tx, keys) => {
        const { verdicts, events } = await authenticateKeys(tx, keys);
        await insertEvents(tx, events);
        return verdicts;
      },
    });
    this.#afterCommit = afterCommit;
  }

  /**
   * The key is judged first: the budget of wrong keys of its address never refuses a right one.
   *
   * @param deviceId the device that the call is about. Another's is `device_mismatch`, and is no use of the key.
   */
  async authenticate(apiKey: string, deviceId: string, address: string): Promise<KeyVerdict> {
    const key: PresentedKey = { deviceId: undefined, keyHash: hashApiKey(apiKey), address };
    const matches = await matchKeys(this.#database, [key.keyHash]);
    const verdict = judgeKey(matches.get(key.keyHash), undefined, await this.#database.nowMs());
    if (verdict.kind === 'refused') return this.#refuse(verdict, `${deviceId} ${key.keyHash}`, address);
    if (verdict.match.device.id !== deviceId) return { kind: 'refused', code: 'device_mismatch' };
    if (!verdict.first) return verdict;
    const settled = await this.#firstUses.submit(key);
    this.#afterCommit([verdict.match.device.id]);
    return settled;
  }

  #refuse(verdict: Refused, credential: string, address: string): KeyVerdict {
    if (verdict.code !== 'key_rejected') return verdict;
    const waitSeconds = this.#wrongKeys.note(address, credential);
    return waitSeconds === 0 ? verdict : { kind: 'refused', code: 'too_many_attempts', waitSeconds };
  }
}

import type { Timers } from '@edgeflow/platform';
import type { WrongCredentials } from '../../limits/wrong-credentials.ts';
import type { Database } from '../../storage/database.ts';
import { GroupCommit } from '../../storage/group-commit.ts';
import { judgeKey, matchKeys } from '../credentials/index.ts';
import type { ConnectionRequest, ConnectionVerdict } from './connections.ts';

const looksPerBatchMax = 256;
const looksWaitingMax = 10_000;

export interface DoorOptions {
  readonly database: Database;
  readonly timers: Timers;
  readonly wrongKeys: WrongCredentials;
  readonly admit: (request: ConnectionRequest) => Promise<ConnectionVerdict>;
}

/**
 * Holds the wrong keys of tunnels to the budget of their address, and keeps them out of the way of right ones.
 *
 * Invariants:
 * - a right key is admitted whatever its address has presented, except where it would be looked up apart while 10,000
 *   others wait for that: then it is refused with `OverloadedError`, and may come again;
 * - a key that would not surprise by being wrong (the budget is spent, or the same was wrong before), or whose device
 *   is being admitted already, is looked up apart, with all others that are, and waits for no device: so at most one
 *   wrong key stands before a right one in the queue of a device, however many name it;
 * - what is refused for its budget is told to slow down, and for how long.
 */
export class Door {
  readonly #options: DoorOptions;
  readonly #looks: GroupCommit<ConnectionRequest, boolean>;
  /** How many admissions of a device are under way, where there are any. */
  readonly #admitting = new Map<string, number>();

  constructor(options: DoorOptions) {
    this.#options = options;
    this.#looks = new GroupCommit<ConnectionRequest, boolean>({
      ...options,
      itemsPerBatchMax: looksPerBatchMax,
      waitingMax: looksWaitingMax,
      run: async (tx, requests) => {
        const { db, kind } = tx;
        // Without a lock: whatever holds the row of one device must not hold up the looks of all.
        const matches = await matchKeys(
          { db, kind },
          requests.map(({ keyHash }) => keyHash),
        );
        return requests.map(({ deviceId, keyHash }) => {
          const verdict = judgeKey(matches.get(keyHash), deviceId, tx.nowMs);
          return verdict.kind === 'refused' && verdict.code === 'key_rejected';
        });
      },
    });
  }

  async admit(request: ConnectionRequest): Promise<ConnectionVerdict> {
    const { wrongKeys } = this.#options;
    const credential = `${request.deviceId} ${request.keyHash}`;
    const isWorthALook =
      this.#admitting.has(request.deviceId) || wrongKeys.expects(request.address, credential);
    const isWrong = isWorthALook && (await this.#looks.submit(request));
    if (!isWrong) {
      const verdict = await this.#queue(request);
      if (verdict.kind === 'accepted' || verdict.code !== 'key_rejected') return verdict;
    }
    const waitSeconds = wrongKeys.note(request.address, credential);
    return waitSeconds === 0
      ? { kind: 'refused', code: 'key_rejected' }
      : { kind: 'refused', code: 'too_many_attempts', waitSeconds };
  }

  async #queue(request: ConnectionRequest): Promise<ConnectionVerdict> {
    const { deviceId } = request;
    this.#admitting.set(deviceId, (this.#admitting.get(deviceId) ?? 0) + 1);
    try {
      return await this.#options.admit(request);
    } finally {
      const others = (this.#admitting.get(deviceId) ?? 1) - 1;
      if (others === 0) this.#admitting.delete(deviceId);
      else this.#admitting.set(deviceId, others);
    }
  }
}

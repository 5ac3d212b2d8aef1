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
 * Invariants: a right key is admitted whatever its address has presented; a wrong one that was to be expected (the
 * budget is spent, or the same was wrong before) is looked up apart, so that it never waits in the queue of the device
 * it names; what is refused for its budget is told to slow down, and for how long.
 */
export class Door {
  readonly #options: DoorOptions;
  readonly #looks: GroupCommit<ConnectionRequest, boolean>;

  constructor(options: DoorOptions) {
    this.#options = options;
    this.#looks = new GroupCommit<ConnectionRequest, boolean>({
      ...options,
      itemsPerBatchMax: looksPerBatchMax,
      waitingMax: looksWaitingMax,
      run: async (tx, requests) => {
        const matches = await matchKeys(
          tx,
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
    const { admit, wrongKeys } = this.#options;
    const credential = `${request.deviceId} ${request.keyHash}`;
    const isWrong = wrongKeys.expects(request.address, credential) && (await this.#looks.submit(request));
    if (!isWrong) {
      const verdict = await admit(request);
      if (verdict.kind === 'accepted' || verdict.code !== 'key_rejected') return verdict;
    }
    const waitSeconds = wrongKeys.note(request.address, credential);
    return waitSeconds === 0
      ? { kind: 'refused', code: 'key_rejected' }
      : { kind: 'refused', code: 'too_many_attempts', waitSeconds };
  }
}

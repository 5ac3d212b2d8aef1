import {
  codeGroupsOf,
  makeId,
  type OrderedIds,
  parseProvisioningCode,
  type ProvisionRequest,
  secretBytes,
} from '@edgeflow/contract';
import { pooled, type Random, type Timers } from '@edgeflow/platform';
import { ProblemError, tooManyAttempts } from '../../http/problems.ts';
import type { KeyRing } from '../../keyring/index.ts';
import type { Database } from '../../storage/database.ts';
import { GroupCommit } from '../../storage/group-commit.ts';
import type { Events } from '../events/index.ts';
import type { FailureBudget } from '../guessing/index.ts';
import type { Claim, ClaimOutcome } from './claim.ts';
import { storable } from './hardware.ts';
import { redeemBatch } from './redeem.ts';

const claimsPerBatchMax = 256;
/** Registrations that may wait for the database; more hear 503 and come back. */
const claimsWaitingMax = 5_000;

export interface ProvisioningOptions {
  readonly database: Database;
  readonly keyRing: KeyRing;
  readonly timers: Timers;
  readonly random: Random;
  readonly nextId: OrderedIds;
  readonly events: Events;
  readonly budget: FailureBudget;
  readonly keyTtlDays: number;
}

export interface ProvisioningCall {
  readonly body: ProvisionRequest;
  readonly idempotencyKey: string | undefined;
  readonly address: string;
  readonly requestId: string;
}

/** Turns codes into identities, each exactly once. */
export class Provisioning {
  readonly #options: ProvisioningOptions;
  readonly #commits: GroupCommit<Claim, ClaimOutcome>;
  /** For public ids and jitter. */
  readonly #pooled: Random;

  constructor(options: ProvisioningOptions) {
    this.#options = options;
    this.#pooled = pooled(options.random);
    const redeem = { ...options, jitter: this.#pooled };
    this.#commits = new GroupCommit<Claim, ClaimOutcome>({
      database: options.database,
      timers: options.timers,
      itemsPerBatchMax: claimsPerBatchMax,
      waitingMax: claimsWaitingMax,
      run: (tx, claims) => redeemBatch(redeem, tx, claims),
    });
  }

  /** The answer to one registration. A refusal is thrown as its problem. */
  async redeem(call: ProvisioningCall): Promise<Extract<ClaimOutcome, { kind: 'answer' }>> {
    const { budget, events } = this.#options;
    const symbols = parseProvisioningCode(call.body.provisioning_code);
    const short = symbols === undefined || codeGroupsOf(symbols) < 3;
    const attempt = { address: call.address, short };
    const waitSeconds = budget.waitSeconds(attempt);
    // A repeat is no guess: it needs the secret of the claimant. A neighbour's guessing must not keep its answer back.
    const replayOnly = waitSeconds > 0;
    if (replayOnly && call.idempotencyKey === undefined) throw tooManyAttempts(waitSeconds);
    const claim = this.#claimOf(call, symbols, { short, replayOnly });
    const outcome = await this.#commits.submit(claim);
    if (outcome.kind === 'refused' && outcome.code === 'too_many_attempts') {
      throw tooManyAttempts(Math.max(1, budget.waitSeconds(attempt)));
    }
    if (outcome.kind === 'refused' && outcome.code === 'code_unknown') {
      budget.spend(call.address, claim.codeHashes[0] ?? '');
    } else {
      events.poke();
    }
    if (outcome.kind === 'answer') return outcome;
    throw new ProblemError(outcome.code, outcome.detail === undefined ? {} : { detail: outcome.detail });
  }

  #claimOf(
    call: ProvisioningCall,
    symbols: string | undefined,
    attempt: Pick<Claim, 'short' | 'replayOnly'>,
  ): Claim {
    const { keyRing, nextId, random } = this.#options;
    const { address, body, idempotencyKey, requestId } = call;
    // What is no code takes the same way as an unknown one, so that nothing tells them apart.
    const text = symbols ?? `no code: ${body.provisioning_code}`;
    const facts = {
      codeHashes: keyRing.ids.map((id) => keyRing.hashCode(id, text)),
      hardware: storable(body.hardware_info),
      network: storable(body.network_info),
      address,
      requestId,
      newDeviceId: makeId('device', this.#pooled.bytes),
      newCredentialId: nextId('credential'),
      ...attempt,
    };
    return idempotencyKey === undefined
      ? { ...facts, idempotencyKey, randomKey: random.bytes(secretBytes) }
      : { ...facts, idempotencyKey };
  }
}

import type { ErrorCode, HardwareInfo, NetworkInfo } from '@edgeflow/contract';
import type { ClaimStore, PendingClaim, VaultReading } from '../identity/index.ts';
import type { Log } from '../log-port.ts';
import { type CloudTransport, TransportError } from '../net/transport.ts';
import { problemOf, readAnswer } from './answer.ts';
import { diskProblem, tellNotices } from './disk.ts';
import type { ClaimOutcome, LifeEvent, LifeSettings } from './model.ts';

export interface ClaimErrandsDeps {
  readonly claims: ClaimStore;
  readonly transport: Pick<CloudTransport, 'request'>;
  /** Read for every attempt anew: the address may have changed since the last. */
  readonly readInfo: () => Promise<{ hardware_info: HardwareInfo; network_info: NetworkInfo }>;
  readonly settings: LifeSettings;
  readonly log: Log;
}

/** Long enough for a slow cellular link and a cloud that is catching up; the claim is safe to repeat in any case. */
export const claimTimeoutSeconds = 30;

/** Refusals that a code gets at a cloud when another cloud made it, or knows more of it. */
const elsewhereCodes: ReadonlySet<string> = new Set<ErrorCode>(['code_unknown', 'code_already_used']);

/**
 * What the machine asks for on behalf of a claim, on disk and over the network.
 *
 * Invariant: the claim that is sent is the one the disk has, with its secret; the machine itself never sees that.
 */
export class ClaimErrands {
  readonly #deps: ClaimErrandsDeps;
  #claim: PendingClaim | undefined;

  constructor(deps: ClaimErrandsDeps) {
    this.#deps = deps;
  }

  async load(): Promise<VaultReading<PendingClaim>> {
    const reading = await this.#deps.claims.load(this.#deps.settings.cloud);
    // What an earlier reading found does not outlive this one: the machine does not know of it, and would replace it.
    this.#claim = reading.kind === 'opened' ? reading.value : undefined;
    if (reading.kind === 'opened') tellNotices(this.#deps.log, reading.notices);
    return reading;
  }

  /** @param replaces gives up the claim that is pending at this cloud; another cloud's is parked. Never rejects. */
  async open(code: string, replaces: boolean): Promise<LifeEvent> {
    const { claims, settings, log } = this.#deps;
    try {
      if (replaces && this.#claim?.cloud === settings.cloud) await claims.finish(this.#claim);
      const opening = await claims.open({ cloud: settings.cloud, code, board: settings.board });
      if (opening.kind === 'blocked') {
        const { detail, nextStep } = opening.reading;
        return { type: 'claim_not_opened', problem: { code: 'vault_unreadable', message: detail, nextStep } };
      }
      if (opening.kind === 'crowded') {
        const { detail, nextStep } = opening;
        return {
          type: 'claim_not_opened',
          problem: { code: 'device_state_conflict', message: detail, nextStep },
        };
      }
      tellNotices(log, opening.notices);
      this.#claim = opening.claim;
      return { type: 'claim_opened', code: opening.claim.code };
    } catch (error) {
      return { type: 'claim_not_opened', problem: diskProblem(error, log) };
    }
  }

  /** One attempt, to the claim's own cloud. Never rejects. */
  async send(signal: AbortSignal): Promise<ClaimOutcome> {
    const { transport, readInfo, settings, log } = this.#deps;
    const claim = this.#claim;
    try {
      if (claim?.cloud !== settings.cloud) throw new Error('only a durable claim is sent, to its own cloud');
      const body = JSON.stringify({ provisioning_code: claim.code, ...(await readInfo()) });
      log.info({ cloud: settings.cloud }, 'registering this device');
      const answer = await transport.request({
        method: 'POST',
        path: '/api/v1/devices/provision',
        headers: { 'content-type': 'application/json', 'idempotency-key': claim.claim_secret },
        body,
        timeoutMs: claimTimeoutSeconds * 1000,
        signal,
      });
      return await this.#pointBack(claim, readAnswer(answer));
    } catch (error) {
      // Whatever it was, there is no answer, so the outcome is open and the same claim is safe to send again.
      const isKnown = error instanceof TransportError;
      const problem = isKnown ? problemOf(error.code, error.message) : diskProblem(error, log);
      return { kind: 'later', problem, retryAfterSeconds: undefined };
    }
  }

  /** A code that this cloud does not take may have been redeemed at the one that was configured before. */
  async #pointBack(claim: PendingClaim, outcome: ClaimOutcome): Promise<ClaimOutcome> {
    if (outcome.kind !== 'refused' || !elsewhereCodes.has(outcome.problem.code)) return outcome;
    const { claims, log } = this.#deps;
    const former = await claims.parkedElsewhere(claim.code, claim.cloud).catch((error: unknown) => {
      diskProblem(error, log);
      return undefined;
    });
    if (former === undefined) return outcome;
    const next_step = `Set EDGEFLOW_SAAS_URL back to ${former}, where a registration with this code has no final answer yet, or ${outcome.problem.next_step}`;
    return { ...outcome, problem: { ...outcome.problem, next_step } };
  }

  /** What cannot be forgotten now is recognised, and forgotten, at the next start. */
  async finish(): Promise<void> {
    const claim = this.#claim;
    if (claim === undefined) return;
    try {
      await this.#deps.claims.finish(claim);
      if (this.#claim === claim) this.#claim = undefined;
    } catch (error) {
      const { message } = diskProblem(error, this.#deps.log);
      this.#deps.log.warn(
        { problem: message },
        'the finished registration could not be removed from the disk',
      );
    }
  }
}

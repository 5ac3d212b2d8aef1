import type { HardwareInfo, NetworkInfo } from '@edgeflow/contract';
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
const claimTimeoutSeconds = 30;

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
    const reading = await this.#deps.claims.load();
    if (reading.kind === 'opened') {
      tellNotices(this.#deps.log, reading.notices);
      this.#claim = reading.value;
    }
    return reading;
  }

  /** @param replaces gives up the claim that is on disk. */
  async open(code: string, replaces: boolean): Promise<LifeEvent> {
    const { claims, settings, log } = this.#deps;
    try {
      if (replaces && this.#claim !== undefined) await claims.finish(this.#claim);
      const opening = await claims.open({ cloud: settings.cloud, code, board: settings.board });
      if (opening.kind === 'blocked') {
        const { detail, nextStep } = opening.reading;
        return { type: 'claim_not_opened', problem: { code: 'vault_unreadable', message: detail, nextStep } };
      }
      tellNotices(log, opening.notices);
      this.#claim = opening.claim;
      return { type: 'claim_opened', code: opening.claim.code };
    } catch (error) {
      return { type: 'claim_not_opened', problem: diskProblem(error) };
    }
  }

  /** One attempt. Never rejects for what the network does. */
  async send(signal: AbortSignal): Promise<ClaimOutcome> {
    const { transport, readInfo, settings, log } = this.#deps;
    const claim = this.#claim;
    if (claim?.cloud !== settings.cloud)
      throw new Error('only a durable claim is sent, and only to its own cloud');
    const body = JSON.stringify({ provisioning_code: claim.code, ...(await readInfo()) });
    try {
      log.info({ cloud: settings.cloud }, 'registering this device');
      const answer = await transport.request({
        method: 'POST',
        path: '/api/v1/devices/provision',
        headers: { 'content-type': 'application/json', 'idempotency-key': claim.claim_secret },
        body,
        timeoutMs: claimTimeoutSeconds * 1000,
        signal,
      });
      return readAnswer(answer);
    } catch (error) {
      // Whatever it was, there is no answer, so the outcome is open and the same claim is safe to send again.
      const known = error instanceof TransportError ? error : undefined;
      const problem = problemOf(known?.code ?? 'cloud_unreachable', known?.message);
      return { kind: 'later', problem, retryAfterSeconds: undefined };
    }
  }

  /** What cannot be forgotten now is recognised, and forgotten, at the next start. */
  async finish(): Promise<void> {
    const claim = this.#claim;
    if (claim === undefined) return;
    try {
      await this.#deps.claims.finish(claim);
      if (this.#claim === claim) this.#claim = undefined;
    } catch (error) {
      const { message } = diskProblem(error);
      this.#deps.log.warn(
        { problem: message },
        'the finished registration could not be removed from the disk',
      );
    }
  }
}

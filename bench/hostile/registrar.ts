import { randomBytes } from 'node:crypto';
import { systemClock, systemRandom, systemTimers, sleep } from '@edgeflow/platform';
import { backoff, delayMs, imposed } from '../../apps/agent/src/delay.ts';
import { createCloudTransport, readCloudAddress, TransportError } from '../../apps/agent/src/net/index.ts';
import { readAnswer } from '../../apps/agent/src/provisioning/answer.ts';
import { claimTimeoutSeconds } from '../../apps/agent/src/provisioning/claim-errands.ts';
import type { ClaimOutcome } from '../../apps/agent/src/provisioning/model.ts';
import { idempotencyKeyBytes, registration } from '../load/registration-requests.ts';

/** New devices. Each asks over the agent's own transport, and tries again as the agent does: same deadlines, same key. */
export class Registrar {
  readonly #transport: ReturnType<typeof createCloudTransport>;
  /** When each that is under way began, in milliseconds of the monotonic clock; the first to begin first. */
  readonly #begun = new Set<{ readonly atMs: number }>();
  #tookMs: number[] = [];
  #count = 0;
  /** Devices of which an attempt failed, whatever became of them. */
  retried = 0;
  /** Why attempts failed, and how many did. */
  readonly failures: Record<string, number> = {};
  /** Final answers other than an identity. */
  readonly refused: string[] = [];

  /** @param caPem whom the cloud's certificate is by */
  constructor(url: string, caPem: string) {
    const reading = readCloudAddress(url);
    if (!('address' in reading)) throw new Error(`no address of a cloud: ${url}`);
    const time = { clock: systemClock, timers: systemTimers };
    this.#transport = createCloudTransport({
      address: reading.address,
      trust: { caPem, pins: [] },
      time,
    });
  }

  get unfinished(): number {
    return this.#begun.size;
  }

  /** How long the one that began first has been under way. */
  get oldestMs(): number {
    const [first] = this.#begun;
    return first === undefined ? 0 : systemClock.monotonic() - first.atMs;
  }

  /** From the first attempt to the identity, in milliseconds, of all since the last call. */
  takeDurations(): number[] {
    return this.#tookMs.splice(0);
  }

  /** Resolves when the cloud has given an identity or refused for good. */
  async register(code: string): Promise<void> {
    const one = { atMs: systemClock.monotonic() };
    this.#begun.add(one);
    const outcome = await this.#untilFinal(code);
    this.#begun.delete(one);
    if (outcome.kind === 'redeemed') this.#tookMs.push(systemClock.monotonic() - one.atMs);
    else this.refused.push(outcome.problem.detail);
  }

  async #untilFinal(code: string): Promise<Exclude<ClaimOutcome, { readonly kind: 'later' }>> {
    const claimSecret = randomBytes(idempotencyKeyBytes).toString('base64url');
    const body = JSON.stringify(registration(code, this.#count));
    this.#count += 1;
    for (let attempt = 0; ; attempt += 1) {
      const outcome = await this.#ask(claimSecret, body);
      if (outcome.kind !== 'later') return outcome;
      if (attempt === 0) this.retried += 1;
      this.failures[outcome.problem.message] = (this.failures[outcome.problem.message] ?? 0) + 1;
      const { retryAfterSeconds: seconds } = outcome;
      const delay = seconds === undefined ? backoff(attempt) : imposed(seconds, attempt);
      await sleep(systemTimers, delayMs(delay, systemRandom));
    }
  }

  async #ask(claimSecret: string, body: string): Promise<ClaimOutcome> {
    try {
      const answer = await this.#transport.request({
        ...{ method: 'POST', path: '/api/v1/devices/provision', body },
        headers: { 'content-type': 'application/json', 'idempotency-key': claimSecret },
        timeoutMs: claimTimeoutSeconds * 1000,
      });
      return readAnswer(answer);
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      const { code, message } = error;
      return { kind: 'later', problem: { code, message, nextStep: '' }, retryAfterSeconds: undefined };
    }
  }
}

import type { LastError, SaasStatus } from '@edgeflow/contract';
import { type Clock, toRfc3339 } from '@edgeflow/platform';
import type { KnownTime } from './known-time.ts';
import type { Problem } from './provisioning/model.ts';
import type { LifeView } from './provisioning/view.ts';

export interface StatusSources {
  /** undefined while the connection to the cloud is switched off. */
  readonly view: LifeView | undefined;
  readonly cloudUrl: string | null;
  readonly storedDeviceId: string | null;
}

/** The status document of the local API, with the times that the machines do not know. */
export class Status {
  readonly #clock: Clock;
  readonly #known: Pick<KnownTime, 'skewMs'>;
  readonly #startedMs: number;
  #lastPongMs: number | undefined;
  #lastError: LastError | null = null;

  constructor(clock: Clock, known: Pick<KnownTime, 'skewMs'>) {
    this.#clock = clock;
    this.#known = known;
    this.#startedMs = clock.monotonic();
  }

  get uptimeSeconds(): number {
    return Math.floor((this.#clock.monotonic() - this.#startedMs) / 1000);
  }

  onPong(): void {
    this.#lastPongMs = this.#clock.now();
  }

  /** @returns whether this is news: another problem than before, or none any more. */
  onProblem(problem: Problem | undefined): boolean {
    if (problem === undefined) {
      const isNews = this.#lastError !== null;
      this.#lastError = null;
      return isNews;
    }
    const { code, message, nextStep } = problem;
    if (this.#lastError?.code === code && this.#lastError.message === message) return false;
    this.#lastError = { code, message, next_step: nextStep, at: toRfc3339(this.#clock.now()) };
    return true;
  }

  document({ view, cloudUrl, storedDeviceId }: StatusSources): SaasStatus {
    const pong = this.#lastPongMs;
    const { skewMs } = this.#known;
    return {
      connected: view?.status === 'online',
      device_id: view?.deviceId ?? storedDeviceId,
      status: view?.status ?? 'disabled',
      last_heartbeat: pong === undefined ? null : toRfc3339(pong),
      phase: view?.phase ?? 'disabled',
      cloud_url: cloudUrl,
      key_expires_at: asTime(view?.keyExpiresAt),
      uptime_seconds: this.uptimeSeconds,
      clock_skew_seconds: skewMs === undefined ? null : Math.round(skewMs / 1000),
      last_error: this.#lastError,
    };
  }
}

/** Expiry times are kept as the cloud wrote them; only what is a time is shown as one. */
function asTime(text: string | null | undefined): string | null {
  const parsed = Date.parse(text ?? '');
  return Number.isNaN(parsed) ? null : toRfc3339(parsed);
}

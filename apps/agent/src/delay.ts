import { backoffFirstSeconds, backoffMostSeconds } from '@edgeflow/contract';
import { type BackoffLimits, fullJitterMs, type Random } from '@edgeflow/platform';

/**
 * How long to wait, as the pure machines say it: at least `leastMs`, and on top of that full jitter. They have no
 * source of randomness; {@link delayMs} draws.
 */
export interface Delay {
  readonly leastMs: number;
  readonly jitter?: BackoffLimits & {
    /** 0 for the first retry. */
    readonly attempt: number;
  };
}

export function delayMs(delay: Delay, random: Random): number {
  const { leastMs, jitter } = delay;
  return leastMs + (jitter === undefined ? 0 : fullJitterMs(jitter, jitter.attempt, random));
}

export function exactly(ms: number): Delay {
  return { leastMs: ms };
}

const ordinary: BackoffLimits = { firstMs: backoffFirstSeconds * 1000, mostMs: backoffMostSeconds * 1000 };

/** The contract's backoff, section 3: full jitter, 1 s doubling to 60 s. */
export function backoff(attempt: number): Delay {
  return { leastMs: 0, jitter: { ...ordinary, attempt } };
}

/** Longest wait that an answer of the cloud can impose: a wrong number must not silence a device for weeks. */
export const imposedWaitSecondsMax = 24 * 3600;

export function boundedWaitSeconds(seconds: number): number {
  return Math.min(Math.max(seconds, 0), imposedWaitSecondsMax);
}

/** As long as the cloud asked for, within bounds, and then spread out, so that a fleet does not return at once. */
export function imposed(seconds: number, attempt: number): Delay {
  return { ...backoff(attempt), leastMs: boundedWaitSeconds(seconds) * 1000 };
}

const slowMs = 5 * 60 * 1000;

/** Five to ten minutes: for what only a person can change, so that the change is noticed without a restart. */
export const slowly: Delay = { leastMs: slowMs, jitter: { firstMs: slowMs, mostMs: slowMs, attempt: 0 } };

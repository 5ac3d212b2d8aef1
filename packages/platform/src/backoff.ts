import { type Random, uniformFloat } from './random.ts';

export interface BackoffLimits {
  /** Upper bound of the first delay, in milliseconds. */
  readonly firstMs: number;
  /** Upper bound that doubling never passes, in milliseconds. */
  readonly mostMs: number;
}

/**
 * Full jitter: uniform in [0, min(mostMs, firstMs · 2^attempt)).
 * Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 *
 * @param attempt 0 for the first retry; any size is safe.
 */
export function fullJitterMs(limits: BackoffLimits, attempt: number, random: Random): number {
  const ceiling = Math.min(limits.mostMs, limits.firstMs * 2 ** Math.min(attempt, 52));
  return Math.floor(uniformFloat(random) * ceiling);
}

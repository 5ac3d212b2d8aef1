import { createHash } from 'node:crypto';
import { rotationLeadDays } from '@edgeflow/contract';
import { type Random, uniformInt } from '@edgeflow/platform';

export const dayMs = 24 * 3600 * 1000;
/** A key is offered its successor at the latest this many days before it expires. */
const rotationLatestDays = 5;

/** SHA-256 of an API key, hexadecimal: all that the cloud keeps of it. */
export function hashApiKey(apiKey: string): string {
  return createHash('sha256').update(apiKey).digest('hex');
}

export interface KeyLife {
  /** Whole seconds, so that the time survives RFC 3339 unchanged. */
  readonly expiresAtMs: number;
  readonly rotateAfterMs: number;
}

/** The life of a key made now: a successor is offered from 30 days ahead of expiry, spread over 25 days. */
export function keyLife(nowMs: number, ttlDays: number, random: Random): KeyLife {
  const expiresAtMs = Math.floor((nowMs + ttlDays * dayMs) / 1000) * 1000;
  return { expiresAtMs, rotateAfterMs: rotateAfter(expiresAtMs, random) };
}

/** A moment in the rotation window of a key, chosen at random so that a fleet made on one day does not rotate at once. */
export function rotateAfter(expiresAtMs: number, random: Random): number {
  const spreadMinutes = (rotationLeadDays - rotationLatestDays) * 24 * 60;
  return expiresAtMs - rotationLeadDays * dayMs + uniformInt(random, spreadMinutes) * 60_000;
}

import { hash } from 'node:crypto';
import { rotationLeadDays } from '@edgeflow/contract';
import { type Random, uniformInt } from '@edgeflow/platform';

export const dayMs = 24 * 3600 * 1000;
/** The share of the rotation window that is left after the last offer, for devices that were away. */
const rotationReserve = 1 / 6;

/** SHA-256 of an API key, hexadecimal: all that the cloud keeps of it. */
export function hashApiKey(apiKey: string): string {
  return hash('sha256', apiKey);
}

export interface KeyLife {
  /** Whole seconds, so that the time survives RFC 3339 unchanged. */
  readonly expiresAtMs: number;
  readonly rotateAfterMs: number;
}

/** The life of a key made now: a successor is offered from 30 days ahead of expiry, spread over 25 days. */
export function keyLife(nowMs: number, ttlDays: number, random: Random): KeyLife {
  const expiresAtMs = keyExpiry(nowMs, ttlDays);
  return { expiresAtMs, rotateAfterMs: rotateAfter(nowMs, expiresAtMs, random) };
}

/** When a key made now expires. Whole seconds: see {@link KeyLife}. */
export function keyExpiry(nowMs: number, ttlDays: number): number {
  return Math.floor((nowMs + ttlDays * dayMs) / 1000) * 1000;
}

/**
 * A moment in the rotation window of a key, chosen at random so that a fleet made on one day does not rotate at once.
 * The window opens 30 days ahead of expiry, or in the middle of a shorter life, and closes when a sixth of it is left.
 */
export function rotateAfter(nowMs: number, expiresAtMs: number, random: Random): number {
  const opensAtMs = Math.max(expiresAtMs - rotationLeadDays * dayMs, nowMs + (expiresAtMs - nowMs) / 2);
  const spreadSeconds = Math.floor(((expiresAtMs - opensAtMs) * (1 - rotationReserve)) / 1000);
  return Math.floor(opensAtMs) + uniformInt(random, Math.max(1, spreadSeconds)) * 1000;
}

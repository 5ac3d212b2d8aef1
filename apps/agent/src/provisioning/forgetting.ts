import { isMadeByCode } from '../identity/index.ts';
import { candidatesOf, isSameCredential } from './candidates.ts';
import { hasMadeIdentity, isClaiming } from './claiming.ts';
import type { LifeState, LifeStep } from './model.ts';
import { go, stay } from './step.ts';

/**
 * Forgets the claim of durable credentials once these have received `connected`, or have themselves been given up.
 * Until then it stays on disk and is not sent: a start recognises it by the identity it made.
 */
export function forgetClaim(state: LifeState): LifeStep {
  const { leftover, claim, identity, tunnel, settings } = state;
  if (leftover === undefined || isClaiming(claim)) return stay(state);
  if (tunnel.status !== 'online' && hasMadeIdentity(state, leftover)) return stay(state);
  const inUse = candidatesOf(identity, settings.cloud).find((c) =>
    isSameCredential(c.credential, tunnel.using),
  );
  const connected = inUse?.of === 'previous' ? identity?.previous : identity;
  const isProven = inUse !== undefined && connected !== undefined && isMadeByCode(connected, leftover);
  if (hasMadeIdentity(state, leftover) && !isProven) return stay(state);
  return go({ ...state, leftover: undefined }, { type: 'finish_claim' });
}

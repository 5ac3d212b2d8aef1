import type { LifeState, LifeStep } from './model.ts';
import { go, stay } from './step.ts';

/** New credentials are on their way to the disk, where they push out present ones that have not been proven. */
export function isReplacing({ claim, isTakingOver }: LifeState): boolean {
  return isTakingOver || (claim.kind === 'keeping' && claim.isWriting);
}

/**
 * Takes unproven credentials off the tunnel before new ones are stored: a `connected` that came while those are being
 * written would prove them too late, and what has worked must not be given up. Proven ones stay online: they are kept.
 */
export function withholdUnproven(state: LifeState): LifeStep {
  const { identity, tunnel } = state;
  const isUnproven = identity?.previous !== undefined && tunnel.status !== 'online';
  if (!isUnproven || tunnel.using === undefined) return stay(state);
  return go({ ...state, tunnel: { ...tunnel, using: undefined, status: 'idle' } }, { type: 'stop_tunnel' });
}

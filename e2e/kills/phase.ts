import type { CodeFacts } from './ledger.ts';

/** What the state folder of a device holds; its vaults cannot be read from outside. */
export interface Folder {
  readonly hasClaim: boolean;
  readonly hasIdentity: boolean;
}

/** How far an onboarding had come, in its order. */
export const onboardingPhases = [
  'nothing on disk',
  'claim secret on disk',
  'code redeemed, not stored',
  'stored, not online',
  'online, claim not forgotten',
  'online',
] as const;

export type OnboardingPhase = (typeof onboardingPhases)[number];

/** @returns undefined for what must never be: an identity that no code made, or a code burnt. */
export function onboardingPhase(folder: Folder, code: CodeFacts): OnboardingPhase | undefined {
  const { hasClaim, hasIdentity } = folder;
  const isAuthenticated = code.keys.some(({ state }) => state === 'active');
  if (!code.isUsed) {
    if (hasIdentity) return undefined;
    return hasClaim ? 'claim secret on disk' : 'nothing on disk';
  }
  if (!hasIdentity) return hasClaim && !isAuthenticated ? 'code redeemed, not stored' : undefined;
  if (!isAuthenticated) return hasClaim ? 'stored, not online' : undefined;
  return hasClaim ? 'online, claim not forgotten' : 'online';
}

/** How far the rotation of a key had come, in its order. */
export const rotationPhases = [
  'not asked for yet',
  'asked for, no offer committed',
  'offer committed, next key not on disk',
  'next key on disk, not used',
  'next key used, vault not rewritten',
  'done',
] as const;

export type RotationPhase = (typeof rotationPhases)[number];

/** The vault of the identity as it looks from outside: with a next key in it, it is longer. */
export interface VaultLook {
  readonly bytes: number;
  readonly digest: string;
}

/**
 * @param oldKey public id of the key before
 * @returns undefined for what must never be: no key of the device would work
 */
export function rotationPhase(
  oldKey: string,
  code: CodeFacts,
  before: VaultLook,
  now: VaultLook,
): RotationPhase | undefined {
  const active = code.keys.find(({ state }) => state === 'active');
  const isOffered = code.keys.some(({ state }) => state === 'issued');
  if (active === undefined) return undefined;
  const hasNext = now.bytes > before.bytes;
  if (active.id !== oldKey) {
    if (now.digest === before.digest) return undefined;
    return hasNext ? 'next key used, vault not rewritten' : 'done';
  }
  if (hasNext) return 'next key on disk, not used';
  if (isOffered) return 'offer committed, next key not on disk';
  return code.isRotationWanted ? 'asked for, no offer committed' : 'not asked for yet';
}

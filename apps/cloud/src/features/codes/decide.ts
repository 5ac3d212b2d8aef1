import { twoGroupCodesLiveMax } from '@edgeflow/contract';

/** Groups of a code when nothing else is asked for and short ones are not to be had. */
const groupsWhenMany = 3;
/** Two-group codes live no longer: so long at most can an attack go on against those that were live when it began. */
export const twoGroupTtlSecondsMax = 7 * 24 * 3600;

/** What the length of new codes depends on, besides the wish for one. */
export interface CodeSurroundings {
  readonly count: number;
  readonly ttlSeconds: number;
  /** Codes of two groups that could be redeemed now, over all organizations. */
  readonly liveTwoGroupCodes: number;
  /** Fewest groups while somebody guesses; two in calm. */
  readonly groupsLeast: number;
}

/**
 * How many groups new codes get. Two groups (40 bits) are safe against guessing only while few such codes are live
 * in the whole cloud, for not too long, and nobody guesses; else a wish for two becomes three or more. Codes of three
 * groups are safe in any case, so a wish for three or more is granted as it is.
 *
 * @param wished the request's or the setting's number; undefined: as short as is safe
 */
export function chooseGroups(wished: number | undefined, surroundings: CodeSurroundings): number {
  if (wished !== undefined && wished > 2) return wished;
  const { count, groupsLeast, liveTwoGroupCodes, ttlSeconds } = surroundings;
  const isShortSafe =
    liveTwoGroupCodes + count <= twoGroupCodesLiveMax && ttlSeconds <= twoGroupTtlSecondsMax;
  return Math.max(groupsLeast, isShortSafe ? 2 : groupsWhenMany);
}

/** When a code that is made now expires: whole seconds, as it is shown. */
export function codeExpiry(nowMs: number, ttlSeconds: number): number {
  return Math.floor((nowMs + ttlSeconds * 1000) / 1000) * 1000;
}

import { twoGroupCodesLiveMax } from '@edgeflow/contract';

/** Groups of a code when nothing else is asked for and short ones are not to be had. */
const groupsWhenMany = 3;

/**
 * How many groups new codes get. Two groups (40 bits) are safe against guessing only while few such codes are live
 * in the whole cloud; past that limit a wish for two becomes three.
 *
 * @param wished the request's or the setting's number; undefined: as short as is safe
 * @param liveTwoGroupCodes codes of two groups that could be redeemed now, over all organizations
 */
export function chooseGroups(wished: number | undefined, count: number, liveTwoGroupCodes: number): number {
  if (wished !== undefined && wished > 2) return wished;
  return liveTwoGroupCodes + count <= twoGroupCodesLiveMax ? 2 : groupsWhenMany;
}

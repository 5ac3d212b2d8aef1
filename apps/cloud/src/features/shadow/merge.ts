import type { Json, JsonObject, Shadow } from '@edgeflow/contract';

/** One half of a shadow: the document, and when each of its members last changed (RFC 3339). */
export interface ShadowHalf {
  readonly document: JsonObject;
  readonly times: Readonly<Record<string, string>>;
}

/**
 * Merges a change into one half, member by member at the top level; `null` deletes a member.
 *
 * Documents come from JSON that was parsed with `__proto__` refused, and are rebuilt through `fromEntries`, which
 * defines own members only.
 */
export function mergeHalf(half: ShadowHalf, change: JsonObject, now: string): ShadowHalf {
  const document = new Map(Object.entries(half.document));
  const times = new Map(Object.entries(half.times));
  for (const [key, value] of Object.entries(change)) {
    if (value === null) {
      document.delete(key);
      times.delete(key);
    } else {
      document.set(key, value);
      times.set(key, now);
    }
  }
  return { document: Object.fromEntries(document), times: Object.fromEntries(times) };
}

/** Members of `desired` that `reported` does not equal. */
export function deltaOf(desired: JsonObject, reported: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(desired).filter(([key, value]) => {
      const own = Object.hasOwn(reported, key) ? reported[key] : undefined;
      return own === undefined || !jsonEqual(value, own);
    }),
  );
}

/**
 * Equality of JSON values; the order of members does not count. Without recursion, because a document may be nested
 * as deeply as its bytes allow.
 */
export function jsonEqual(a: Json, b: Json): boolean {
  const pairs: [Json, Json][] = [[a, b]];
  for (let pair = pairs.pop(); pair !== undefined; pair = pairs.pop()) {
    if (pair[0] === pair[1]) continue;
    const members = memberPairs(...pair);
    if (members === undefined) return false;
    for (const member of members) pairs.push(member);
  }
  return true;
}

/** What must be equal for two values to be so; undefined when they differ already. */
function memberPairs(a: Json, b: Json): [Json, Json][] | undefined {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return undefined;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return undefined;
    return a.map((member, index) => [member, b[index] ?? null]);
  }
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length || !keys.every((key) => Object.hasOwn(b, key))) return undefined;
  return keys.map((key) => [a[key] ?? null, b[key] ?? null]);
}

/** The document that devices and operators read. Every map is present even when empty. */
export function viewShadow(
  deviceId: string,
  version: number,
  desired: ShadowHalf,
  reported: ShadowHalf,
  updatedAt: string,
): Shadow {
  return {
    device_id: deviceId,
    version,
    desired: desired.document,
    reported: reported.document,
    delta: deltaOf(desired.document, reported.document),
    metadata: { desired: { ...desired.times }, reported: { ...reported.times } },
    updated_at: updatedAt,
  };
}

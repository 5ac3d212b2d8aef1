import { type IdKind, makeId, type RandomBytes } from './ids.ts';

/** Milliseconds since 1970 at which the time in ordered ids begins: 2026-01-01. It fits until 2060, then starts anew. */
const epochMs = 1_767_225_600_000;
/** Bytes of time, and as many of chance: 40 bits each. */
const halfBytes = 5;
const half = 2 ** (8 * halfBytes);

/** Makes the next id of a kind. */
export type OrderedIds = (kind: IdKind) => string;

/**
 * A maker of ids that sort by the time they were made: 40 bits of milliseconds, then 40 of chance, in the same shape
 * as those of `makeId`. Of one millisecond each is larger than the one before by a random step.
 *
 * Rows whose keys come in order share the pages of an index; keys in random order dirty a page each, and every page
 * goes through the write-ahead log. Such ids say when they were made and are easier to guess, so they are for what
 * only operators see and what gives no right: codes' ids and keys' ids.
 *
 * @param nowMs milliseconds since 1970; may jump, also backwards: then only the order is lost
 */
export function orderedIds(nowMs: () => number, randomBytes: RandomBytes): OrderedIds {
  let lastTime = -1;
  let tail = 0;
  return (kind) => {
    const since = Math.floor(nowMs()) - epochMs;
    const time = ((since % half) + half) % half;
    const next = tail + 1 + (randomBytes(1)[0] ?? 0);
    tail = time === lastTime && next < half ? next : numberOf(randomBytes(halfBytes));
    lastTime = time;
    const bytes = new Uint8Array(2 * halfBytes);
    put(bytes, 0, time);
    put(bytes, halfBytes, tail);
    return makeId(kind, () => bytes);
  };
}

function numberOf(bytes: Uint8Array): number {
  return bytes.reduce((value, byte) => value * 256 + byte, 0);
}

function put(bytes: Uint8Array, offset: number, value: number): void {
  let rest = value;
  for (let index = offset + halfBytes - 1; index >= offset; index -= 1) {
    bytes[index] = rest % 256;
    rest = Math.floor(rest / 256);
  }
}

import { hash } from 'node:crypto';
import { type Clock, randomHex, type Random } from '@edgeflow/platform';

export interface DistinctBudgetOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Distinct things that one key may try within the window. */
  readonly perKeyMax: number;
  readonly windowSeconds: number;
  /** Keys that have an entry of their own. */
  readonly keysMax: number;
  /** Entries that the keys beyond share. */
  readonly sharedMax: number;
}

interface Entry {
  /** Each thing tried, in the order of its end; the two lists have one length. */
  tags: number[];
  /** Monotonic ms at which each stops to count. */
  endsAtMs: number[];
}

/** Entries never hold more than this many times their budget: what other nodes allowed at the same moment. */
const debtsMax = 8;
const tagDigits = 12;
const sharedMark = '~';

/**
 * How many *distinct* things each key may try in a rolling window. Trying the same thing again costs nothing.
 *
 * Invariants:
 * - within any window at most `(keysMax + sharedMax) × perKeyMax` things are spent, however many keys there are;
 * - an entry goes only when all in it has ended, so filling the table resets nobody's budget: keys that come when
 *   it is full share entries, drawn by a keyed hash that nobody outside can aim at;
 * - what is spent beyond the budget (on another node at the same moment) counts from when it would have been allowed;
 * - memory is bounded by the same product, at 16 bytes a thing.
 */
export class DistinctBudget {
  readonly #options: DistinctBudgetOptions;
  readonly #windowMs: number;
  /** Of keys with one of their own, in the order of their latest spending. */
  readonly #own = new Map<string, Entry>();
  readonly #shared = new Map<string, Entry>();
  readonly #seed: string;

  constructor(options: DistinctBudgetOptions) {
    this.#options = options;
    this.#windowMs = options.windowSeconds * 1000;
    this.#seed = randomHex(options.random, 32);
  }

  /** Entries held, shared ones included. */
  get size(): number {
    return this.#own.size + this.#shared.size;
  }

  /**
   * The entry that a key's attempts are noted in: its own, or a shared one when it has none and there is no room.
   *
   * @param mayOwn false: a key without an entry gets none of its own
   */
  slotOf(key: string, mayOwn = true): string {
    if (this.#own.has(key)) return key;
    if (mayOwn && this.#hasRoom()) return key;
    const drawn = tagOf(hash('sha256', `${this.#seed} ${key}`)) % this.#options.sharedMax;
    return `${sharedMark}${String(drawn)}`;
  }

  /** How many more things may be tried. */
  remaining(slot: string): number {
    const entry = this.#living(slot);
    return Math.max(0, this.#options.perKeyMax - (entry?.tags.length ?? 0));
  }

  /** Seconds until one more thing may be tried, 0 when it may now. */
  waitSeconds(slot: string): number {
    const entry = this.#living(slot);
    if (entry === undefined) return 0;
    const freeAtMs = entry.endsAtMs[entry.endsAtMs.length - this.#options.perKeyMax];
    return freeAtMs === undefined ? 0 : Math.ceil((freeAtMs - this.#options.clock.monotonic()) / 1000);
  }

  /** Whether this has been spent already: trying it again costs nothing. */
  knows(slot: string, tag: number): boolean {
    return this.#living(slot)?.tags.includes(tag) === true;
  }

  /**
   * @param agoMs how long ago it was tried
   * @returns whether it was spent: it was not known, and still counts
   */
  spend(slot: string, tag: number, agoMs = 0): boolean {
    const { clock, perKeyMax } = this.#options;
    const entry = this.#living(slot) ?? { tags: [], endsAtMs: [] };
    const count = entry.tags.length;
    if (agoMs >= this.#windowMs || count >= debtsMax * perKeyMax || entry.tags.includes(tag)) return false;
    const startsAtMs = entry.endsAtMs[count - perKeyMax] ?? clock.monotonic() - agoMs;
    entry.tags.push(tag);
    entry.endsAtMs.push(Math.max(startsAtMs + this.#windowMs, entry.endsAtMs.at(-1) ?? 0));
    this.#putLast(slot, entry);
    return true;
  }

  #putLast(slot: string, entry: Entry): void {
    const entries = this.#entriesOf(slot);
    if (entries === this.#own) entries.delete(slot);
    entries.set(slot, entry);
  }

  #entriesOf(slot: string): Map<string, Entry> {
    return isShared(slot) ? this.#shared : this.#own;
  }

  /** The entry without what has ended; undefined when nothing is left. */
  #living(slot: string): Entry | undefined {
    const entries = this.#entriesOf(slot);
    const entry = entries.get(slot);
    if (entry === undefined) return undefined;
    const nowMs = this.#options.clock.monotonic();
    if ((entry.endsAtMs[0] ?? 0) > nowMs) return entry;
    const ended = entry.endsAtMs.findIndex((endsAtMs) => endsAtMs > nowMs);
    if (ended < 0) {
      entries.delete(slot);
      return undefined;
    }
    entry.tags = entry.tags.slice(ended);
    entry.endsAtMs = entry.endsAtMs.slice(ended);
    return entry;
  }

  #hasRoom(): boolean {
    const { keysMax } = this.#options;
    if (this.#own.size < keysMax) return true;
    for (const slot of this.#own.keys()) {
      if (this.#living(slot) !== undefined) break;
    }
    return this.#own.size < keysMax;
  }
}

/** Whether a slot is shared by keys that have no entry of their own. */
export function isShared(slot: string): boolean {
  return slot.startsWith(sharedMark);
}

/** A keyed hash in hexadecimal as a number that is held in eight bytes: its first 48 bits. */
export function tagOf(keyedHash: string): number {
  return Number.parseInt(keyedHash.slice(0, tagDigits), 16);
}

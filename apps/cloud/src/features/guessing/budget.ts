import { unknownCodesPerAddressMax, unknownCodesWindowSeconds } from '@edgeflow/contract';
import type { Clock, Random } from '@edgeflow/platform';
import { addressKey, networksAround } from '../../limits/address-key.ts';
import { DistinctBudget, isShared, tagOf } from '../../limits/distinct-budget.ts';
import { WindowCounts } from '../../limits/window-counts.ts';

/** Addresses with a budget of their own; those that come when there are as many share {@link sharedBudgetsMax}. */
export const guessingAddressesMax = 32_768;
export const sharedBudgetsMax = 8_192;
/** Distinct unknown codes a day of an IPv6 /48 and a /32, by how their names end: 8 and 256 addresses' worth. */
export const networkGuessesMax: Readonly<Record<'/48' | '/32', number>> = { '/48': 288, '/32': 9_216 };
/** A /48 beyond these goes uncounted; its /32 still holds it. */
const networksCountedMax = 32_768;
const slicesADay = 24;
/** Guesses that wait to be written down; more are held in memory alone. */
const unwrittenMax = 50_000;
const everywhere = 'everywhere';

/** As much of a registration as its budget depends on. */
export interface Attempt {
  readonly address: string;
  /** Not the form of a code with three groups or more, which nobody guesses (see SECURITY.md). */
  readonly short: boolean;
}

/** A distinct unknown code that an address with a budget of its own tried. */
export interface Guess {
  readonly addressKey: string;
  readonly tag: number;
}

/**
 * How many *distinct* unknown codes each address may try in a day: 36. A device that repeats one mistyped code spends
 * one; good, used and expired codes spend none; no address touches another's budget.
 *
 * What many addresses share (an IPv6 /48 or /32, and the budgets of those that found no room) holds back two-group
 * codes alone: longer ones cannot be guessed however many try, so nobody who holds one is touched.
 *
 * Invariant: in any day at most (32,768 + 8,192) × 36 two-group codes are tried, whoever tries them.
 */
export class FailureBudget {
  readonly #addresses: DistinctBudget;
  readonly #networks: Readonly<Record<'/48' | '/32', WindowCounts>>;
  readonly #all: WindowCounts;
  #unwritten: Guess[] = [];
  /** Distinct guesses since the start, for the metrics. */
  guessesTotal = 0;

  constructor(clock: Clock, random: Random) {
    const windowSeconds = unknownCodesWindowSeconds;
    this.#addresses = new DistinctBudget({
      ...{ clock, random, windowSeconds, perKeyMax: unknownCodesPerAddressMax },
      ...{ keysMax: guessingAddressesMax, sharedMax: sharedBudgetsMax },
    });
    const rolling = { clock, windowSeconds, slices: slicesADay };
    this.#networks = {
      '/48': new WindowCounts({ ...rolling, keysMax: networksCountedMax }),
      '/32': new WindowCounts({ ...rolling, keysMax: networksCountedMax }),
    };
    this.#all = new WindowCounts({ ...rolling, keysMax: 1 });
  }

  /** Entries held, for the metrics. */
  get size(): number {
    return this.#addresses.size;
  }

  /** Distinct guesses of the last day, over all addresses. */
  get guessesToday(): number {
    return this.#all.count(everywhere);
  }

  /** Seconds until this attempt may be made, 0 when it may now. */
  waitSeconds({ address, short }: Attempt): number {
    const key = addressKey(address);
    const slot = this.#slotOf(key);
    const own = short || !isShared(slot) ? this.#addresses.waitSeconds(slot) : 0;
    return short ? Math.max(own, this.#networksWaitSeconds(key)) : own;
  }

  /** Every budget that an unknown code from this address is noted in, with what is left of it. */
  limitsOf({ address, short }: Attempt): { readonly name: string; readonly remaining: number }[] {
    const key = addressKey(address);
    const slot = this.#slotOf(key);
    const limits =
      short || !isShared(slot) ? [{ name: slot, remaining: this.#addresses.remaining(slot) }] : [];
    if (!short) return limits;
    for (const { counts, max, network } of this.#networksOf(key)) {
      limits.push({ name: network, remaining: Math.max(0, max - counts.count(network)) });
    }
    return limits;
  }

  /** Whether this code has been spent by `address` already: trying it again costs nothing. */
  knows(address: string, codeHash: string): boolean {
    return this.#addresses.knows(this.#slotOf(addressKey(address)), tagOf(codeHash));
  }

  /** Notes that `address` tried a code that does not exist. */
  spend(address: string, codeHash: string): void {
    const guess: Guess = { addressKey: addressKey(address), tag: tagOf(codeHash) };
    const slot = this.#slotOf(guess.addressKey);
    if (!this.#spend(slot, guess, 0)) return;
    this.guessesTotal += 1;
    if (!isShared(slot) && this.#unwritten.length < unwrittenMax) this.#unwritten.push(guess);
  }

  /** Takes over what was written down, by an earlier run or another node. What is known already changes nothing. */
  recall(guess: Guess, agoMs: number): void {
    this.#spend(this.#slotOf(guess.addressKey), guess, agoMs);
  }

  /** What has been spent since the last time, to be written down. */
  takeUnwritten(): Guess[] {
    return this.#unwritten.splice(0);
  }

  /** Gives back what could not be written. */
  putBack(guesses: readonly Guess[]): void {
    this.#unwritten = [...guesses, ...this.#unwritten].slice(0, unwrittenMax);
  }

  #spend(slot: string, { addressKey: key, tag }: Guess, agoMs: number): boolean {
    const isNetworkSpent = this.#networksWaitSeconds(key) > 0;
    if (!this.#addresses.spend(slot, tag, agoMs)) return false;
    this.#all.add(everywhere, agoMs);
    // What a network tries beyond its budget are long codes, and no reason to hold back the networks around it.
    if (isNetworkSpent) return true;
    for (const { counts, network } of this.#networksOf(key)) counts.add(network, agoMs);
    return true;
  }

  /** An address of a network that has spent its budget gets no entry of its own: one network cannot fill the table. */
  #slotOf(key: string): string {
    const mayOwn = !key.includes(':') || this.#networksWaitSeconds(key) === 0;
    return this.#addresses.slotOf(key, mayOwn);
  }

  #networksWaitSeconds(key: string): number {
    let waitSeconds = 0;
    for (const { counts, max, network } of this.#networksOf(key)) {
      waitSeconds = Math.max(waitSeconds, counts.waitSeconds(network, max));
    }
    return waitSeconds;
  }

  #networksOf(key: string): { counts: WindowCounts; max: number; network: string }[] {
    return networksAround(key).map((network) => {
      const kind = network.endsWith('/48') ? '/48' : '/32';
      return { counts: this.#networks[kind], max: networkGuessesMax[kind], network };
    });
  }
}

/**
 * Holds the attempts of one batch to the budgets, in their order, before any of them is spent: however many come at
 * once, no address tries more than it may.
 */
export class Guesses {
  readonly #budget: FailureBudget;
  /** Name of a budget → address and unknown code of this batch. */
  readonly #tried = new Map<string, Set<string>>();

  constructor(budget: FailureBudget) {
    this.#budget = budget;
  }

  mayTry(attempt: Attempt): boolean {
    return this.#budget
      .limitsOf(attempt)
      .every(({ name, remaining }) => (this.#tried.get(name)?.size ?? 0) < remaining);
  }

  /** Notes that a code was tried that does not exist. */
  note(attempt: Attempt, codeHash: string): void {
    if (this.#budget.knows(attempt.address, codeHash)) return;
    const what = `${addressKey(attempt.address)} ${codeHash}`;
    for (const { name } of this.#budget.limitsOf(attempt)) {
      this.#tried.set(name, (this.#tried.get(name) ?? new Set()).add(what));
    }
  }
}

import { hash } from 'node:crypto';
import { type Clock, type Random, randomHex } from '@edgeflow/platform';
import { addressKey } from '../../limits/address-key.ts';
import { DistinctBudget, tagOf } from '../../limits/distinct-budget.ts';
import { WindowCounts } from '../../limits/window-counts.ts';
import { ProblemError } from '../../http/problems.ts';

/** Distinct passwords for one account, from all browsers in which its person has never signed in. */
export const attemptsPerAccountMax = 10;
/** Distinct accounts and passwords from one address (an IPv6 /64), known browsers aside. */
export const attemptsPerAddressMax = 50;
/** Distinct passwords for one account in one browser in which its person has signed in. */
export const attemptsPerBrowserMax = 10;
/** The same in all such browsers together: whoever has cookies of many guesses with no more. */
export const attemptsPerKnownMax = 30;
/** Attempts in all, known passwords included, from one address or in one known browser: each costs a hash. */
export const attemptsInAllMax = 150;
/** Passwords of one address, or one known browser, that are compared or wait for it at one moment. */
export const comparingMax = 4;
/** Refusals that are written down, from one address. */
export const refusalsPerAddressMax = 50;
/** Links for new passwords: for one account, and from one address. */
export const resetsPerAccountMax = 3;
export const resetsPerAddressMax = 20;
export const attemptsWindowSeconds = 900;
const keysMax = 16_384;
const sharedMax = 1_024;
/** Parts of the window in which attempts are counted singly. */
const slices = 15;

/** Who tries, and where. */
export interface Attempt {
  readonly address: string;
  /** E-mail address in one spelling, or a person's id. */
  readonly account: string;
  /** Name of a browser in which this person has signed in. */
  readonly browser?: string | undefined;
}

/**
 * How often it may be tried to sign in. Counted are distinct passwords, before any is compared: who types the same
 * wrong one twice, or the right one every morning, spends one; so attempts in all have a wider bound, and a
 * narrow one at one moment: whoever repeats one password keeps no queue full. A known browser has a budget of its own,
 * and all of an account have one together; neither can a stranger spend. So a person is kept out of no account that they
 * use, however it is guessed at.
 *
 * In memory: a restart forgives, and each node counts for itself. An account with a password of twelve characters
 * bears ten guesses a quarter of an hour.
 */
export class SignInBudget {
  readonly #accounts: DistinctBudget;
  readonly #addresses: DistinctBudget;
  readonly #browsers: DistinctBudget;
  readonly #known: DistinctBudget;
  readonly #refusals: DistinctBudget;
  readonly #resetAccounts: DistinctBudget;
  readonly #resetAddresses: DistinctBudget;
  readonly #attempts: WindowCounts;
  readonly #comparing = new Map<string, number>();
  readonly #seed: string;
  #resets = 0;

  constructor(clock: Clock, random: Random) {
    const budget = (perKeyMax: number): DistinctBudget =>
      new DistinctBudget({
        clock,
        random,
        perKeyMax,
        windowSeconds: attemptsWindowSeconds,
        keysMax,
        sharedMax,
      });
    this.#accounts = budget(attemptsPerAccountMax);
    this.#addresses = budget(attemptsPerAddressMax);
    this.#browsers = budget(attemptsPerBrowserMax);
    this.#known = budget(attemptsPerKnownMax);
    this.#refusals = budget(refusalsPerAddressMax);
    this.#resetAccounts = budget(resetsPerAccountMax);
    this.#resetAddresses = budget(resetsPerAddressMax);
    this.#attempts = new WindowCounts({ clock, windowSeconds: attemptsWindowSeconds, slices, keysMax });
    this.#seed = randomHex(random, 32);
  }

  /**
   * Notes an attempt with this password or code.
   *
   * @throws ProblemError `sign_in_throttled` when it may not be made now; then nothing was looked at
   */
  attempt({ account, address, browser }: Attempt, secret: string): void {
    const tag = this.#tag(account, secret);
    const place = placeOf({ account, address, browser });
    const waitSeconds = this.#attempts.waitSeconds(place, attemptsInAllMax);
    if (waitSeconds > 0) throw throttled(waitSeconds);
    this.#attempts.add(place);
    if (browser !== undefined) {
      spend(
        [
          [this.#browsers, place],
          [this.#known, account],
        ],
        tag,
      );
      return;
    }
    spend(
      [
        [this.#accounts, account],
        [this.#addresses, place],
      ],
      tag,
    );
  }

  /**
   * Compares a password that may be tried.
   *
   * @throws ProblemError `sign_in_throttled` when its place has too many compared already
   */
  async comparing<T>(attempt: Attempt, compare: () => Promise<T>): Promise<T> {
    const place = placeOf(attempt);
    const others = this.#comparing.get(place) ?? 0;
    if (others >= comparingMax) throw throttled(1);
    this.#comparing.set(place, others + 1);
    try {
      return await compare();
    } finally {
      const left = (this.#comparing.get(place) ?? 1) - 1;
      if (left === 0) this.#comparing.delete(place);
      else this.#comparing.set(place, left);
    }
  }

  /**
   * Whether a refusal is to be written down: once in the window for each account and password, and not without end
   * from one address. So nobody fills the audit log by repeating what is refused, and refused once more at once.
   *
   * @param secret undefined: the attempt was not looked at
   */
  isNews({ account, address }: Attempt, secret: string | undefined): boolean {
    const tag = this.#tag(account, secret);
    const slot = this.#refusals.slotOf(addressKey(address));
    return this.#refusals.waitSeconds(slot) === 0 && this.#refusals.spend(slot, tag);
  }

  #tag(account: string, secret: string | undefined): number {
    const tried = secret === undefined ? account : `${account} ${secret}`;
    return tagOf(hash('sha256', `${this.#seed} ${tried}`));
  }

  /**
   * Notes that a link for a new password was asked for.
   *
   * @returns whether one may be sent; whoever asks hears the same either way
   * @throws ProblemError `sign_in_throttled` for an address that asks too often
   */
  reset({ account, address }: Attempt): boolean {
    this.#resets += 1;
    const tag = this.#resets;
    spend([[this.#resetAddresses, addressKey(address)]], tag);
    const slot = this.#resetAccounts.slotOf(account);
    if (this.#resetAccounts.waitSeconds(slot) > 0) return false;
    this.#resetAccounts.spend(slot, tag);
    return true;
  }
}

/** Where an attempt is made: in a known browser, else from an address. */
function placeOf({ account, address, browser }: Attempt): string {
  return browser === undefined ? addressKey(address) : `${account} ${browser}`;
}

function throttled(waitSeconds: number): ProblemError {
  return new ProblemError('sign_in_throttled', { headers: { 'Retry-After': String(waitSeconds) } });
}

/** All of them or none. */
function spend(budgets: readonly (readonly [DistinctBudget, string])[], tag: number): void {
  const slots = budgets.map(([budget, key]) => [budget, budget.slotOf(key)] as const);
  const waits = slots.map(([budget, slot]) => (budget.knows(slot, tag) ? 0 : budget.waitSeconds(slot)));
  const waitSeconds = Math.max(...waits);
  if (waitSeconds > 0) throw throttled(waitSeconds);
  for (const [budget, slot] of slots) budget.spend(slot, tag);
}

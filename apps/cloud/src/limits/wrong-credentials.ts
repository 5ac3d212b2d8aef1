import { hash } from 'node:crypto';
import { type Clock, randomHex, type Random } from '@edgeflow/platform';
import { addressKey } from './address-key.ts';
import { DistinctBudget, tagOf } from './distinct-budget.ts';

/** Distinct wrong credentials that one address may present within {@link windowSeconds}. */
export const wrongCredentialsMax = 100;
const windowSeconds = 3600;
const addressesMax = 16_384;
const sharedMax = 1_024;
/** Nobody is sent away for longer, so that whoever is set right by an operator is back soon. */
export const waitSecondsMax = 300;

/**
 * How many distinct wrong credentials (device id and key, or operator token) each address may present. It is asked
 * after a credential has been found wrong, so it never refuses a right one, whatever the neighbours do; a device that
 * repeats one wrong key spends one. Keys and tokens have 256 bits: this bounds work and noise, not the chance to
 * guess one, so it is held in memory and a restart forgives.
 */
export class WrongCredentials {
  readonly #budget: DistinctBudget;
  readonly #seed: string;

  constructor(clock: Clock, random: Random) {
    const limits = { perKeyMax: wrongCredentialsMax, windowSeconds, keysMax: addressesMax, sharedMax };
    this.#budget = new DistinctBudget({ clock, random, ...limits });
    this.#seed = randomHex(random, 32);
  }

  /** Entries held. */
  get size(): number {
    return this.#budget.size;
  }

  /**
   * Notes a wrong credential.
   *
   * @returns 0: say that it is wrong; else say "slow down", for so many seconds
   */
  note(address: string, credential: string): number {
    const slot = this.#slotOf(address);
    const tag = this.#tagOf(credential);
    if (this.#budget.knows(slot, tag)) return 0;
    const waitSeconds = this.#budget.waitSeconds(slot);
    if (waitSeconds > 0) return Math.min(waitSeconds, waitSecondsMax);
    this.#budget.spend(slot, tag);
    return 0;
  }

  /** Whether it would surprise if this were right: worth a look before work is queued for it. Refuses nobody. */
  expects(address: string, credential: string): boolean {
    const slot = this.#slotOf(address);
    return this.#budget.remaining(slot) === 0 || this.#budget.knows(slot, this.#tagOf(credential));
  }

  #slotOf(address: string): string {
    return this.#budget.slotOf(addressKey(address));
  }

  /** Keyed, so that nobody can choose credentials that count as one. */
  #tagOf(credential: string): number {
    return tagOf(hash('sha256', `${this.#seed} ${credential}`));
  }
}

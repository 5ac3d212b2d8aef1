import { unknownCodesPerAddressMax, unknownCodesWindowSeconds } from '@edgeflow/contract';
import type { Clock } from '@edgeflow/platform';

/** Addresses remembered; past this the one that failed longest ago is forgotten. */
const addressesMax = 20_000;

/**
 * How many *distinct* unknown codes each address may try in a day. A device that repeats one mistyped code spends
 * one; good, used and expired codes spend none; no address touches another's budget.
 *
 * Invariants: at most {@link addressesMax} addresses and 36 codes each are held; a code is held as a keyed hash.
 */
export class FailureBudget {
  readonly #clock: Clock;
  /** Address → hash of the code → monotonic ms at which it stops to count. */
  readonly #addresses = new Map<string, Map<string, number>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Seconds until this address may try again, or 0 when it may now. */
  waitSeconds(address: string): number {
    const codes = this.#addresses.get(budgetKey(address));
    if (codes === undefined || codes.size < unknownCodesPerAddressMax) return 0;
    const nowMs = this.#clock.monotonic();
    for (const [code, endsAtMs] of codes) {
      if (endsAtMs > nowMs) return Math.ceil((endsAtMs - nowMs) / 1000);
      codes.delete(code);
      if (codes.size < unknownCodesPerAddressMax) return 0;
    }
    return 0;
  }

  /** How many more unknown codes this address may try. */
  remaining(address: string): number {
    const codes = this.#addresses.get(budgetKey(address));
    if (codes === undefined) return unknownCodesPerAddressMax;
    const nowMs = this.#clock.monotonic();
    const living = [...codes.values()].filter((endsAtMs) => endsAtMs > nowMs);
    return unknownCodesPerAddressMax - living.length;
  }

  /** Whether this code has been spent by `address` already: trying it again costs nothing. */
  knows(address: string, codeHash: string): boolean {
    return this.#addresses.get(budgetKey(address))?.has(codeHash) === true;
  }

  /** Notes that `address` tried a code that does not exist. */
  spend(address: string, codeHash: string): void {
    const key = budgetKey(address);
    const codes = this.#addresses.get(key) ?? new Map<string, number>();
    if (codes.has(codeHash)) return;
    codes.set(codeHash, this.#clock.monotonic() + unknownCodesWindowSeconds * 1000);
    // Re-inserted so that the map's order is that of the latest failures.
    this.#addresses.delete(key);
    this.#addresses.set(key, codes);
    if (this.#addresses.size <= addressesMax) return;
    const oldest = this.#addresses.keys().next();
    if (oldest.done !== true) this.#addresses.delete(oldest.value);
  }
}

/**
 * Holds the attempts of one batch to the budgets, in their order, before any of them is spent: however many come at
 * once, no address tries more than it may.
 */
export class Guesses {
  readonly #budget: FailureBudget;
  /** Address → unknown codes of this batch. */
  readonly #tried = new Map<string, Set<string>>();

  constructor(budget: FailureBudget) {
    this.#budget = budget;
  }

  mayTry(address: string): boolean {
    return (this.#tried.get(budgetKey(address))?.size ?? 0) < this.#budget.remaining(address);
  }

  /** Notes that `address` tried a code that does not exist. */
  note(address: string, codeHash: string): void {
    if (this.#budget.knows(address, codeHash)) return;
    const key = budgetKey(address);
    this.#tried.set(key, (this.#tried.get(key) ?? new Set()).add(codeHash));
  }
}

/** An IPv6 /64 counts as one address: its holder has all of it. IPv4-mapped addresses count as IPv4. */
export function budgetKey(address: string): string {
  if (!address.includes(':')) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped?.[1] !== undefined) return mapped[1];
  const [head = '', tail] = address.toLowerCase().replace(/%.*$/, '').split('::');
  const first = head === '' ? [] : head.split(':');
  const last = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - first.length - last.length);
  const groups = [...first, ...Array.from({ length: zeros }, () => '0'), ...last];
  return groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':');
}

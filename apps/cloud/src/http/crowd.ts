import { Ranking } from './ranking.ts';

/** An address that has more than this share of all who are here makes way before any that has not. */
export const shareOfOneAddress = 1 / 8;

/**
 * Those whom we wait for, at most so many. When the room is full, a newcomer drives out whoever has waited longest
 *
 * 1. of its own address, if that has more than its share;
 * 2. else of the address that has most, if that has more than its share;
 * 3. else of all.
 *
 * So it is guaranteed, whatever the rate at which others come:
 *
 * - nobody whose address keeps to its share is driven out while another address has more than its own. So a flood from
 *   `k` addresses takes no more than `k` eighths of the room from others, though it is always fresher than they are: one
 *   leaves them seven eighths, seven leave them one;
 * - while none has more, nobody is driven out before as many have come after it as the room holds;
 * - a fleet behind one address may fill the whole room as long as nobody else wants it, and keeps an eighth of it.
 *
 * Not guaranteed: more than the second beside a flood from eight addresses or more, each within its share. It looks like
 * everybody else; together with all others at a rate R it drives out whoever waits longer than `membersMax / R`.
 *
 * Every step costs the same however many are here, but for finding the first entry of a `Map` whose first ones are gone:
 * 3 µs among 8,192.
 */
export class Crowd<Member> {
  readonly #membersMax: number;
  /** In the order of their entrance, the longest wait first. */
  readonly #addresses = new Map<Member, string>();
  /** The same of each address. */
  readonly #byAddress = new Map<string, Set<Member>>();
  readonly #ranking = new Ranking<string>();

  constructor(membersMax: number) {
    this.#membersMax = membersMax;
  }

  get size(): number {
    return this.#addresses.size;
  }

  /** Those of one address, the longest wait first. */
  of(address: string): ReadonlySet<Member> {
    return this.#byAddress.get(address) ?? new Set();
  }

  values(): Iterable<Member> {
    return this.#addresses.keys();
  }

  /** Enters at the end; one that is here already starts to wait anew. @returns who must go, and is out already */
  enter(member: Member, address: string): Member | undefined {
    this.leave(member);
    this.#addresses.set(member, address);
    let own = this.#byAddress.get(address);
    if (own === undefined) this.#byAddress.set(address, (own = new Set()));
    own.add(member);
    this.#ranking.move(address, own.size - 1, own.size);
    if (this.#addresses.size <= this.#membersMax) return undefined;
    return own.size > this.#share ? this.#takeFirst(own) : this.take();
  }

  /** Takes out whoever is the next to go. */
  take(): Member | undefined {
    const { first: largest } = this.#ranking;
    const most = largest === undefined ? undefined : this.#byAddress.get(largest);
    if (most !== undefined && most.size > this.#share) return this.#takeFirst(most);
    return this.#takeFirst(this.#addresses.keys());
  }

  leave(member: Member): void {
    const address = this.#addresses.get(member);
    if (address === undefined) return;
    this.#addresses.delete(member);
    const own = this.#byAddress.get(address);
    if (own?.delete(member) !== true) return;
    this.#ranking.move(address, own.size + 1, own.size);
    if (own.size === 0) this.#byAddress.delete(address);
  }

  get #share(): number {
    return Math.max(1, this.size * shareOfOneAddress);
  }

  #takeFirst(members: Iterable<Member>): Member | undefined {
    const [first] = members;
    if (first !== undefined) this.leave(first);
    return first;
  }
}

/** One address that holds more than this share of all room makes way for its own newcomers. */
const shareOfOneAddress = 1 / 8;

/**
 * Those whom we wait for, at most so many. When the room is full a newcomer drives out whoever has waited longest: of
 * its own address, if that holds more than its share, else of all.
 *
 * So one address that floods drives out nobody but itself, and a fleet behind one address may fill the whole room as
 * long as nobody else wants it.
 */
export class Crowd<Member> {
  readonly #membersMax: number;
  readonly #shareMax: number;
  /** In the order of their entrance, the longest wait first. */
  readonly #addresses = new Map<Member, string>();
  readonly #byAddress = new Map<string, Set<Member>>();

  constructor(membersMax: number) {
    this.#membersMax = membersMax;
    this.#shareMax = Math.max(1, membersMax * shareOfOneAddress);
  }

  get size(): number {
    return this.#addresses.size;
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
    if (this.#addresses.size <= this.#membersMax) return undefined;
    return this.#takeFirst(own.size > this.#shareMax ? own : this.#addresses.keys());
  }

  /** Takes out whoever has waited longest. */
  takeLongest(): Member | undefined {
    return this.#takeFirst(this.#addresses.keys());
  }

  leave(member: Member): void {
    const address = this.#addresses.get(member);
    if (address === undefined) return;
    this.#addresses.delete(member);
    const own = this.#byAddress.get(address);
    own?.delete(member);
    if (own?.size === 0) this.#byAddress.delete(address);
  }

  #takeFirst(members: Iterable<Member>): Member | undefined {
    const [first] = members;
    if (first !== undefined) this.leave(first);
    return first;
  }
}

/** Who has most, of any number that gain and lose one at a time: every step costs the same however many there are. */
export class Ranking<Key> {
  /** Those that have so many; no set is empty, and nobody that has none is in one. */
  readonly #byCount = new Map<number, Set<Key>>();
  #most = 0;

  /** One of those that have most: of several the one that has had so many for longest. */
  get first(): Key | undefined {
    const [first] = this.#byCount.get(this.#most) ?? [];
    return first;
  }

  /** @param to one more than `from`, or one less */
  move(key: Key, from: number, to: number): void {
    const before = this.#byCount.get(from);
    before?.delete(key);
    if (before?.size === 0) this.#byCount.delete(from);
    if (to > 0) {
      const after = this.#byCount.get(to);
      if (after === undefined) this.#byCount.set(to, new Set([key]));
      else after.add(key);
    }
    // Whoever had most has only one less now, so nobody between the two is passed over.
    if (to > this.#most || !this.#byCount.has(this.#most)) this.#most = to;
  }
}

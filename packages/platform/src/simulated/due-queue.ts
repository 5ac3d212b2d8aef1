/** Something that happens at a time. `place` belongs to the queue; it is negative while the item is in none. */
export interface Due {
  atMs: number;
  /** Order among items due at the same instant. */
  readonly sequence: number;
  place: number;
}

/**
 * The earliest first: a binary heap whose items know their place, so that adding, removing and moving one costs the
 * logarithm of how many there are.
 */
export class DueQueue<Item extends Due> {
  readonly #heap: Item[] = [];

  get size(): number {
    return this.#heap.length;
  }

  get first(): Item | undefined {
    return this.#heap[0];
  }

  add(item: Item): void {
    this.#put(item, this.#heap.length);
    this.#rise(item);
  }

  /** Removing an item that is not in the queue is harmless. */
  remove(item: Item): void {
    if (this.#heap[item.place] !== item) return;
    const last = this.#heap.pop();
    if (last !== undefined && last !== item) {
      this.#put(last, item.place);
      this.#rise(last);
      this.#sink(last);
    }
    item.place = -1;
  }

  /** Gives an item of the queue another time. */
  move(item: Item, atMs: number): void {
    item.atMs = atMs;
    this.#rise(item);
    this.#sink(item);
  }

  #put(item: Item, place: number): void {
    this.#heap[place] = item;
    item.place = place;
  }

  #rise(item: Item): void {
    while (item.place > 0) {
      const parent = this.#heap[(item.place - 1) >> 1];
      if (parent === undefined || isBefore(parent, item)) return;
      this.#swap(parent, item);
    }
  }

  #sink(item: Item): void {
    for (;;) {
      const left = this.#heap[2 * item.place + 1];
      const right = this.#heap[2 * item.place + 2];
      const least = left !== undefined && right !== undefined && isBefore(right, left) ? right : left;
      if (least === undefined || isBefore(item, least)) return;
      this.#swap(item, least);
    }
  }

  #swap(parent: Item, child: Item): void {
    const { place } = parent;
    this.#put(parent, child.place);
    this.#put(child, place);
  }
}

function isBefore(a: Due, b: Due): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.sequence < b.sequence);
}

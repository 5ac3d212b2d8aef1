/** Room that the first piece gets at least, in bytes. */
const firstRoomBytes = 1024;

/**
 * Gathers bytes that come in pieces, up to a bound. The pieces themselves are not kept: a sender decides their size,
 * and a buffer object for each single byte would cost two hundred times what was sent.
 */
export class ByteCollector {
  readonly #bytesMax: number;
  #room = new Uint8Array(0);
  #length = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get length(): number {
    return this.#length;
  }

  /** @returns false when the piece would exceed the bound; then nothing of it is kept. */
  add(piece: Uint8Array): boolean {
    const length = this.#length + piece.length;
    if (length > this.#bytesMax) return false;
    if (length > this.#room.length) this.#grow(length);
    this.#room.set(piece, this.#length);
    this.#length = length;
    return true;
  }

  /** All that has come, in order, without a copy. */
  bytes(): Uint8Array {
    return this.#room.subarray(0, this.#length);
  }

  #grow(needed: number): void {
    const roomy = Math.max(needed, 2 * this.#room.length, firstRoomBytes);
    const grown = new Uint8Array(Math.max(needed, Math.min(roomy, this.#bytesMax)));
    grown.set(this.bytes());
    this.#room = grown;
  }
}

/**
 * The latest request for a new key that a connection has been asked to carry, told from others by its time. Each is
 * taken up once: whoever hears so makes the offer.
 */
export class RotationRequest {
  /** null: none. */
  #wantedAtMs: number | null;

  /** @param wantedAtMs what the device's row wants when the connection is admitted; whoever admits it is told */
  constructor(wantedAtMs: number | null = null) {
    this.#wantedAtMs = wantedAtMs;
  }

  get isWanted(): boolean {
    return this.#wantedAtMs !== null;
  }

  /** @returns false for one that is taken up, and for an older one, which was read before that */
  takeUp(wantedAtMs: number): boolean {
    if (this.#wantedAtMs !== null && this.#wantedAtMs >= wantedAtMs) return false;
    this.#wantedAtMs = wantedAtMs;
    return true;
  }

  /** Whoever took it up cannot tell whether it was made: the next who hears of it takes it up. */
  putBack(wantedAtMs: number): void {
    if (this.#wantedAtMs === wantedAtMs) this.#wantedAtMs = wantedAtMs - 1;
  }
}

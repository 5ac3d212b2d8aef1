/**
 * Which connection speaks for a device.
 *
 * Invariants: one entry a device, the one with the largest epoch that was seen; leaving removes an entry only if it
 * is the leaver's own, so the late close of a replaced socket never unregisters its successor.
 */
export class SessionRegistry<Session extends { readonly epoch: number }> {
  readonly #sessions = new Map<string, Session>();

  get size(): number {
    return this.#sessions.size;
  }

  get(deviceId: string): Session | undefined {
    return this.#sessions.get(deviceId);
  }

  values(): Iterable<Session> {
    return this.#sessions.values();
  }

  /** @returns whoever must yield: the earlier session, or the new one itself when a newer is already here. */
  enter(deviceId: string, session: Session): Session | undefined {
    const known = this.#sessions.get(deviceId);
    if (known !== undefined && known.epoch > session.epoch) return session;
    this.#sessions.set(deviceId, session);
    return known;
  }

  leave(deviceId: string, session: Session): void {
    if (this.#sessions.get(deviceId) === session) this.#sessions.delete(deviceId);
  }
}

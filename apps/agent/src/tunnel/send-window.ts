/**
 * Bounds what waits in a socket that does not drain. A socket tells nothing about its queue, but frames arrive in
 * order, so a pong proves that everything sent before its ping has left this device.
 *
 * Invariant: at most {@link windowBytesMax} bytes of answers are sent and not yet known to have left.
 */
export const windowBytesMax = 1024 * 1024;

/** Pings of this class's own that may be on their way at once, beside the heartbeat. */
const marksMax = 8;

export class SendWindow {
  #sentBytes = 0;
  #leftBytes = 0;
  /** How much had been sent at each ping that has no pong yet, oldest first. */
  readonly #marks: number[] = [];

  /** Whether `bytes` more may be sent; if so they count as sent. */
  take(bytes: number): boolean {
    if (this.#sentBytes + bytes - this.#leftBytes > windowBytesMax) return false;
    this.#sentBytes += bytes;
    return true;
  }

  /** Half of the window has been filled since the last ping: time for one, ahead of the next heartbeat. */
  get wantsPing(): boolean {
    const marked = this.#marks.at(-1) ?? this.#leftBytes;
    return this.#sentBytes - marked > windowBytesMax / 2 && this.#marks.length < marksMax;
  }

  onPing(): void {
    if (this.#marks.length >= marksMax) this.#marks.shift();
    this.#marks.push(this.#sentBytes);
  }

  onPong(): void {
    this.#leftBytes = this.#marks.shift() ?? this.#leftBytes;
  }
}

/** Longest delay that Node's timers take (a signed 32-bit number, 24.8 days). A longer one fires after 1 ms. */
export const timeoutMsMax = 2 ** 31 - 1;

/** A one-shot timer of any length, an expiry in a year included. Does not keep the process alive. */
export class LongTimeout {
  readonly #callback: () => void;
  #timer: NodeJS.Timeout;

  constructor(delayMs: number, callback: () => void) {
    this.#callback = callback;
    this.#timer = this.#start(delayMs);
  }

  clear(): void {
    clearTimeout(this.#timer);
  }

  #start(delayMs: number): NodeJS.Timeout {
    if (delayMs <= timeoutMsMax) return setTimeout(this.#callback, delayMs).unref();
    return setTimeout(() => {
      this.#timer = this.#start(delayMs - timeoutMsMax);
    }, timeoutMsMax).unref();
  }
}

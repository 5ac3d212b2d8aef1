import type { Json, ResponseFrame } from '@edgeflow/contract';
import { randomHex, type Random, type TimerHandle, type Timers } from '@edgeflow/platform';

/** Commands of ours that may wait for the cloud's answer at once. */
export const callsMax = 16;

export type CallOutcome =
  | {
      readonly kind: 'answered';
      readonly status: 'success' | 'error';
      readonly data?: Json;
      readonly error?: string;
    }
  | { readonly kind: 'offline' }
  | { readonly kind: 'too_many' }
  | { readonly kind: 'timed_out' };

interface Waiting {
  readonly settle: (outcome: CallOutcome) => void;
  readonly timer: TimerHandle;
}

/**
 * Commands that the device has sent to the cloud and that wait for an answer.
 *
 * Invariants: every call settles exactly once, by its answer, its time-out, or the end of its link; an answer settles
 * only the call whose id it bears.
 */
export class Calls {
  readonly #timers: Timers;
  readonly #random: Random;
  readonly #waiting = new Map<string, Waiting>();

  constructor(timers: Timers, random: Random) {
    this.#timers = timers;
    this.#random = random;
  }

  /** @param send gets the new id; false when the frame cannot be sent. */
  open(timeoutMs: number, send: (id: string) => boolean): Promise<CallOutcome> {
    if (this.#waiting.size >= callsMax) return Promise.resolve({ kind: 'too_many' });
    const id = `cmd_${randomHex(this.#random, 10)}`;
    return new Promise((settle) => {
      const timer = this.#timers.after(timeoutMs, () => {
        this.#settle(id, { kind: 'timed_out' });
      });
      this.#waiting.set(id, { settle, timer });
      if (!send(id)) this.#settle(id, { kind: 'offline' });
    });
  }

  onResponse(frame: ResponseFrame): void {
    const { status, data, error } = frame;
    this.#settle(frame.id, {
      kind: 'answered',
      status,
      ...(data === undefined ? {} : { data }),
      ...(error === undefined ? {} : { error }),
    });
  }

  /** The link is gone, and with it every answer. */
  failAll(): void {
    for (const id of [...this.#waiting.keys()]) this.#settle(id, { kind: 'offline' });
  }

  #settle(id: string, outcome: CallOutcome): void {
    const call = this.#waiting.get(id);
    if (call === undefined) return;
    this.#waiting.delete(id);
    this.#timers.clear(call.timer);
    call.settle(outcome);
  }
}

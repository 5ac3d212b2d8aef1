import { after, nowMs } from '../platform.ts';

/** What happens together is one look… */
const gatherMs = 150;
/** …and looks come no closer than this, however much happens. */
const apartMs = 1_000;
/** The cloud may answer with what it found a moment before the last of it happened: so one look more. */
const againMs = 1_500;

/**
 * Calls soon after it was asked to, once for all who asked meanwhile, and once more a moment after the last: thousands
 * of events are a call a second, and what came last is never left out.
 */
export class Soon {
  #call: () => void;
  #cancel: (() => void) | undefined;
  /** What is due is the look after the last, which whoever asks meanwhile makes one of many. */
  #isLast = false;
  #calledMs = 0;

  constructor(call: () => void) {
    this.#call = call;
  }

  doInstead(call: () => void): void {
    this.#call = call;
  }

  ask(): void {
    if (this.#cancel !== undefined && !this.#isLast) return;
    this.#schedule(Math.max(gatherMs, this.#calledMs + apartMs - nowMs()), false);
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #schedule(ms: number, isLast: boolean): void {
    this.stop();
    this.#isLast = isLast;
    this.#cancel = after(ms, () => {
      this.#cancel = undefined;
      this.#calledMs = nowMs();
      this.#call();
      if (!isLast) this.#schedule(againMs, true);
    });
  }
}

/** Frames that a device may send at once. Older devices ping several times in a row; none comes near this. */
const burstFrames = 1_000;
/** Frames a second that it may go on with. A heartbeat is one in thirty seconds. */
const framesPerSecond = 50;
/** A frame counts once more for each of these bytes that it holds, because reading it takes as long. */
const bytesPerFrame = 4 * 1024;
/** Whoever owes more than this does not misbehave by accident. */
const debtFramesMax = 1_000;

export type FrameVerdict =
  | { readonly kind: 'in_budget' }
  /** Read no more of this connection for so long. */
  | { readonly kind: 'pause'; readonly pauseMs: number }
  /** It was read no more, and yet so much had come already. */
  | { readonly kind: 'flood'; readonly retrySeconds: number };

const inBudget: FrameVerdict = { kind: 'in_budget' };

/**
 * What one connection may make us do: a token bucket over all frames that it sends, control frames too. Who speaks
 * faster is read no faster, so that TCP slows it down; who has sent a flood before that could take effect is closed.
 */
export class FrameBudget {
  #tokens = burstFrames;
  #countedAtMs: number;
  #paid = 0;

  constructor(nowMs: number) {
    this.#countedAtMs = nowMs;
  }

  /** Pays for one frame of so many bytes. */
  take(nowMs: number, bytes = 0): FrameVerdict {
    this.#paid = 1 + Math.floor(bytes / bytesPerFrame);
    const earned = ((nowMs - this.#countedAtMs) * framesPerSecond) / 1000;
    this.#tokens = Math.min(burstFrames, this.#tokens + Math.max(0, earned)) - this.#paid;
    this.#countedAtMs = nowMs;
    if (this.#tokens >= 0) return inBudget;
    const waitMs = Math.ceil((-this.#tokens * 1000) / framesPerSecond);
    if (-this.#tokens > debtFramesMax) return { kind: 'flood', retrySeconds: Math.ceil(waitMs / 1000) };
    return { kind: 'pause', pauseMs: waitMs };
  }

  /** Gives back what was paid last: it was for a frame that we had asked for. */
  giveBack(): void {
    this.#tokens += this.#paid;
    this.#paid = 0;
  }
}

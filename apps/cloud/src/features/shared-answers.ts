import { type Clock, SingleFlight } from '@edgeflow/platform';

/** An answer is good for this many times the time that it took to find, so that finding takes a tenth at most… */
const lifePerCost = 10;
/** …and for so long at least, and at most where nothing else is asked for. */
const lifeMsMin = 250;
const lifeMsMaxDefault = 10_000;
/** Questions whose answers are kept, where nothing else is asked for. */
const keptMaxDefault = 1_000;

interface Kept<Answer> {
  readonly flight: SingleFlight<Answer>;
  answer: Answer | undefined;
  goodUntilMs: number;
}

/**
 * Answers that are found once for all who ask the same within a moment.
 *
 * Invariants: of one question at most one search runs, and all who ask meanwhile share it; however many ask, searches
 * take at most a tenth of the time, as long as one takes less than a tenth of the longest life; an answer is never older
 * than that when it is given.
 */
export class SharedAnswers<Answer> {
  readonly #clock: Clock;
  readonly #lifeMsMax: number;
  readonly #keptMax: number;
  readonly #kept = new Map<string, Kept<Answer>>();

  /**
   * @param bounds `lifeMsMax`: longest life of an answer; `keptMax`: questions whose answers are kept, fewer where each
   *   is large
   */
  constructor(clock: Clock, bounds: { readonly lifeMsMax?: number; readonly keptMax?: number } = {}) {
    this.#clock = clock;
    this.#lifeMsMax = bounds.lifeMsMax ?? lifeMsMaxDefault;
    this.#keptMax = bounds.keptMax ?? keptMaxDefault;
  }

  async ask(question: string, find: () => Promise<Answer>): Promise<Answer> {
    const kept = this.#keep(question);
    if (kept.answer !== undefined && this.#clock.monotonic() < kept.goodUntilMs) return kept.answer;
    return kept.flight.run(async () => {
      const startedMs = this.#clock.monotonic();
      const answer = await find();
      const endedMs = this.#clock.monotonic();
      const lifeMs = Math.min(this.#lifeMsMax, Math.max(lifeMsMin, (endedMs - startedMs) * lifePerCost));
      kept.answer = answer;
      kept.goodUntilMs = endedMs + lifeMs;
      return answer;
    });
  }

  #keep(question: string): Kept<Answer> {
    const known = this.#kept.get(question);
    if (known !== undefined) return known;
    const [oldest] = this.#kept.keys();
    if (oldest !== undefined && this.#kept.size >= this.#keptMax) this.#kept.delete(oldest);
    const kept: Kept<Answer> = { flight: new SingleFlight(), answer: undefined, goodUntilMs: 0 };
    this.#kept.set(question, kept);
    return kept;
  }
}

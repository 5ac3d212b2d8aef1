import { type Clock, SingleFlight } from '@edgeflow/platform';

/** An answer is good for this many times the time that it took to find, so that finding takes a tenth at most… */
const lifePerCost = 10;
/** …and for so long at least and at most. */
const lifeMsMin = 250;
const lifeMsMax = 10_000;
/** Questions whose answers are kept. */
const keptMax = 1_000;

interface Kept<Answer> {
  readonly flight: SingleFlight<Answer>;
  answer: Answer | undefined;
  goodUntilMs: number;
}

/**
 * Answers that are found once for all who ask the same within a moment.
 *
 * Invariants: of one question at most one search runs, and all who ask meanwhile share it; however many ask, searches
 * take at most a tenth of the time, as long as one takes less than a second; an answer is never older than
 * {@link lifeMsMax} when it is given.
 */
export class SharedAnswers<Answer> {
  readonly #clock: Clock;
  readonly #kept = new Map<string, Kept<Answer>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async ask(question: string, find: () => Promise<Answer>): Promise<Answer> {
    const kept = this.#keep(question);
    if (kept.answer !== undefined && this.#clock.monotonic() < kept.goodUntilMs) return kept.answer;
    return kept.flight.run(async () => {
      const startedMs = this.#clock.monotonic();
      const answer = await find();
      const endedMs = this.#clock.monotonic();
      const lifeMs = Math.min(lifeMsMax, Math.max(lifeMsMin, (endedMs - startedMs) * lifePerCost));
      kept.answer = answer;
      kept.goodUntilMs = endedMs + lifeMs;
      return answer;
    });
  }

  #keep(question: string): Kept<Answer> {
    const known = this.#kept.get(question);
    if (known !== undefined) return known;
    const [oldest] = this.#kept.keys();
    if (oldest !== undefined && this.#kept.size >= keptMax) this.#kept.delete(oldest);
    const kept: Kept<Answer> = { flight: new SingleFlight(), answer: undefined, goodUntilMs: 0 };
    this.#kept.set(question, kept);
    return kept;
  }
}

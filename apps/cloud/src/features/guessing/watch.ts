import { unknownCodesWindowSeconds } from '@edgeflow/contract';
import type { TimerHandle, Timers } from '@edgeflow/platform';
import type { Logger } from '../../logging.ts';
import type { Database, Tx } from '../../storage/database.ts';
import type { Events } from '../events/index.ts';
import type { FailureBudget, Guess } from './budget.ts';
import { type Alarm, type AlarmDecision, calmAtMs, decideAlarm, groupsLeast } from './decide.ts';
import {
  announce,
  forgetGuesses,
  guessesAfter,
  insertGuesses,
  lockGuesses,
  readAlarm,
  writeAlarm,
  type WrittenGuess,
} from './store.ts';

/** A cloud that is killed forgets the guesses of this long at most; another node hears of them this late. */
const writeEveryMs = 2_000;
const forgetEveryMs = 600_000;
const guessesAtOnce = 10_000;

export interface GuessWatchOptions {
  readonly budget: FailureBudget;
  readonly database: Database;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly events: Events;
  /** The organization that hears of an alarm which concerns no other. */
  readonly firstOrganization: () => string | undefined;
  readonly onFailure: (error: unknown) => void;
}

/**
 * Makes the budgets outlive the process and hold over all nodes, and raises the alarm when too many are spent.
 *
 * Invariants: guesses are written behind, never while a registration waits; they are read back before the first
 * request; of several nodes one announces an alarm, once an episode; a failure here refuses nobody anything.
 */
export class GuessWatch {
  readonly #options: GuessWatchOptions;
  readonly #timers: TimerHandle[] = [];
  #working: Promise<void> = Promise.resolve();
  #waits = false;
  /** Number of the last guess that was read. */
  #read = 0;
  #alarm: Alarm | undefined;

  constructor(options: GuessWatchOptions) {
    this.#options = options;
  }

  /** 0: calm. 1: somebody is guessing. 2: a heavy attack. */
  get level(): number {
    return this.#alarm?.level ?? 0;
  }

  /** Reads back what is written down. Call before anybody may register. */
  async start(): Promise<void> {
    const { database, timers } = this.#options;
    await forgetGuesses(database, (await database.nowMs()) - unknownCodesWindowSeconds * 1000, guessesAtOnce);
    this.#alarm = await readAlarm(database);
    while (this.#recall(await guessesAfter(database, this.#read, guessesAtOnce), await database.nowMs()));
    this.#timers.push(
      timers.every(writeEveryMs, () => {
        this.#queue(() => this.#look());
      }),
      timers.every(forgetEveryMs, () => {
        this.#queue(() => this.#forget());
      }),
    );
  }

  /** Writes what is left and stops. */
  async stop(): Promise<void> {
    for (const timer of this.#timers.splice(0)) this.#options.timers.clear(timer);
    await this.#working;
    await this.#look().catch(this.#options.onFailure);
  }

  /** One thing at a time; what would wait behind something that waits is left out. */
  #queue(work: () => Promise<void>): void {
    if (this.#waits) return;
    this.#waits = true;
    this.#working = this.#working
      .then(() => {
        this.#waits = false;
        return work();
      })
      .catch(this.#options.onFailure);
  }

  async #look(): Promise<void> {
    const { budget, database } = this.#options;
    const guesses = budget.takeUnwritten();
    try {
      if (guesses.length === 0 && !(await this.#hasNews())) return;
      const decision = await database.transaction((tx) => this.#write(tx, guesses));
      this.#settle(decision);
    } catch (error) {
      budget.putBack(guesses);
      throw error;
    }
  }

  async #hasNews(): Promise<boolean> {
    const { database } = this.#options;
    if (this.#alarm !== undefined && (await database.nowMs()) >= calmAtMs(this.#alarm)) return true;
    return (await guessesAfter(database, this.#read, 1)).length > 0;
  }

  async #write(tx: Tx, guesses: readonly Guess[]): Promise<AlarmDecision> {
    const { budget, firstOrganization } = this.#options;
    await lockGuesses(tx);
    await insertGuesses(tx, guesses);
    // Its own come back as well and change nothing: they are known.
    this.#recall(await guessesAfter(tx, this.#read, guessesAtOnce), tx.nowMs);
    const guessesADay = budget.guessesToday;
    const decision = decideAlarm(await readAlarm(tx), guessesADay, tx.nowMs);
    if (decision.changed) await writeAlarm(tx, decision.alarm);
    if (decision.announce !== undefined) {
      const type = decision.announce === 'raised' ? 'guessing.alarm' : 'guessing.calm';
      const news = { type, guessesADay, groupsLeast: groupsLeast(decision.alarm, tx.nowMs) } as const;
      await announce(tx, news, firstOrganization());
    }
    return decision;
  }

  #settle({ alarm, announce: news }: AlarmDecision): void {
    const { budget, events, logger } = this.#options;
    const before = this.level;
    this.#alarm = alarm;
    const about = { distinct_unknown_codes: budget.guessesToday, level: this.level };
    if (news !== undefined) events.poke();
    if (news === 'raised') {
      logger.warn(about, 'somebody is guessing provisioning codes; new codes are longer until it is calm');
    } else if (news === 'calm') {
      logger.info(about, 'nobody is guessing provisioning codes any more');
    } else if (this.level > before) {
      logger.warn(about, 'provisioning codes are guessed heavily; new codes are longer still');
    }
  }

  /** @returns whether there may be more */
  #recall(guesses: readonly WrittenGuess[], nowMs: number): boolean {
    for (const guess of guesses) {
      // A clock that was set back makes nothing older than it is.
      this.#options.budget.recall(guess, Math.max(0, nowMs - guess.atMs));
      this.#read = guess.sequence;
    }
    return guesses.length === guessesAtOnce;
  }

  async #forget(): Promise<void> {
    const { database } = this.#options;
    const beforeMs = (await database.nowMs()) - unknownCodesWindowSeconds * 1000;
    await forgetGuesses(database, beforeMs, guessesAtOnce);
  }
}

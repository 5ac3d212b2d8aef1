import { SeededRandom, SimulatedTime } from '@edgeflow/platform/simulated';
import { FailureBudget, Guesses } from '../budget.ts';

export interface AttackPlan {
  readonly seed: number;
  readonly addresses: readonly string[];
  readonly days: number;
  /** Each address tries as much as it may so often. */
  readonly triesEachDay: number;
  /** How many codes there are, at most 2^32; of them the first {@link live} are live. */
  readonly codes: number;
  readonly live: number;
  /** The process is replaced so often, and the next knows what has been written down. 0: never. */
  readonly restartEveryDays: number;
}

export interface AttackReport {
  /** Attempts that were judged. */
  readonly tries: number;
  readonly hits: number;
  /** The most that one address tried. */
  readonly mostOfOneAddress: number;
}

const dayMs = 24 * 3600 * 1000;

/**
 * An attack on the real budgets in simulated time: every address, as often as the plan says, tries codes at random
 * until it is refused. Time, chance and order follow from the seed.
 */
export async function attack(plan: AttackPlan): Promise<AttackReport> {
  const time = new SimulatedTime();
  const random = new SeededRandom(plan.seed);
  const stepMs = dayMs / plan.triesEachDay;
  const written: { addressKey: string; tag: number; atMs: number }[] = [];
  let budget = new FailureBudget(time, random);
  let tries = 0;
  let hits = 0;
  const byAddress = new Map<string, number>();
  for (let step = 0; step < plan.days * plan.triesEachDay; step += 1) {
    if (plan.restartEveryDays > 0 && step > 0 && step % (plan.restartEveryDays * plan.triesEachDay) === 0) {
      budget = new FailureBudget(time, random);
      for (const guess of written) budget.recall(guess, time.monotonic() - guess.atMs);
    }
    for (const address of plan.addresses) {
      const made = burst(budget, random, address, plan);
      tries += made.tries;
      hits += made.hits;
      byAddress.set(address, (byAddress.get(address) ?? 0) + made.tries);
    }
    const atMs = time.monotonic();
    const kept = budget.takeUnwritten().map((guess) => ({ ...guess, atMs }));
    if (plan.restartEveryDays > 0) {
      written.splice(0, written.length, ...written.filter((guess) => atMs - guess.atMs < dayMs), ...kept);
    }
    await time.advance(stepMs);
  }
  return { tries, hits, mostOfOneAddress: Math.max(...byAddress.values()) };
}

/** Tries of one address, all in one batch, until it is refused. */
function burst(
  budget: FailureBudget,
  random: SeededRandom,
  address: string,
  { codes, live }: AttackPlan,
): { tries: number; hits: number } {
  const attempt = { address, short: true };
  let hits = 0;
  let tries = 0;
  if (budget.waitSeconds(attempt) > 0) return { tries, hits };
  const guesses = new Guesses(budget);
  const unknown: string[] = [];
  while (guesses.mayTry(attempt)) {
    const code = drawn(random, codes);
    tries += 1;
    if (code < live) {
      hits += 1;
      continue;
    }
    const hash = code.toString(16).padStart(12, '0');
    guesses.note(attempt, hash);
    unknown.push(hash);
  }
  for (const hash of unknown) budget.spend(address, hash);
  return { tries, hits };
}

function drawn(random: SeededRandom, codes: number): number {
  const [a = 0, b = 0, c = 0, d = 0] = random.bytes(4);
  return (a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d) % codes;
}

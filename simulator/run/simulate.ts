import { addCounts, type FaultCounts } from '../world/faults.ts';
import { runWorld, type WorldResult } from '../world/run-world.ts';
import type { Options } from './options.ts';

export interface Summary {
  readonly worlds: number;
  readonly onboardings: number;
  readonly firstSeed: number;
  readonly lastSeed: number;
  readonly stories: Readonly<Record<string, number>>;
  readonly faults: FaultCounts;
  /** The first world that broke a promise; there is nothing after it. */
  readonly failure: { readonly seed: number; readonly checker: string; readonly message: string } | undefined;
  /** From the end of the faults until everything was well, at worst, in simulated milliseconds. */
  readonly healedMsMax: number;
  readonly simulatedMs: number;
  readonly events: number;
  /** Over all worlds in their order. */
  readonly traceHashes: readonly string[];
}

/** Hashes of traces that are kept for comparison. */
const hashesMax = 100;

/**
 * Runs worlds one after another, until they are done or one has broken a promise.
 *
 * @param isOver looked at between two worlds.
 */
export async function simulate(
  options: Options,
  progress: (summary: Summary) => void,
  isOver: () => boolean = () => false,
): Promise<Summary> {
  const { seed, runs, devices, onboardings, trace } = options;
  const print = trace ? (line: string) => void process.stdout.write(line) : undefined;
  let summary: Summary = { ...nothingYet, firstSeed: seed, lastSeed: seed };
  for (let run = 0; run < runs && summary.onboardings < onboardings && !isOver(); run += 1) {
    summary = withWorld(summary, await runWorld({ seed: seed + run, devices, print }));
    progress(summary);
    if (summary.failure !== undefined) break;
  }
  return summary;
}

const nothingYet: Summary = {
  worlds: 0,
  onboardings: 0,
  firstSeed: 0,
  lastSeed: 0,
  stories: {},
  faults: {},
  failure: undefined,
  healedMsMax: 0,
  simulatedMs: 0,
  events: 0,
  traceHashes: [],
};

function withWorld(summary: Summary, world: WorldResult): Summary {
  const { seed, violation } = world;
  const faults = { ...summary.faults };
  addCounts(faults, world.counts);
  const stories = { ...summary.stories };
  for (const [kind, count] of Object.entries(world.stories)) stories[kind] = (stories[kind] ?? 0) + count;
  return {
    worlds: summary.worlds + 1,
    onboardings: summary.onboardings + world.onboardings,
    firstSeed: summary.firstSeed,
    lastSeed: seed,
    stories,
    faults,
    failure: violation && { seed, checker: violation.checker, message: violation.message },
    healedMsMax: Math.max(summary.healedMsMax, world.healedMs),
    simulatedMs: summary.simulatedMs + world.simulatedMs,
    events: summary.events + world.events,
    traceHashes: [...summary.traceHashes, world.traceHash].slice(-hashesMax),
  };
}

/**
 * `npm run simulate`: many real agents and the real cloud in a world of faults, again and again. Leaves with 1 when a
 * promise was broken; its seed replays it step by step.
 */
import { plantBug } from './plants/apply.ts';
import { plants } from './plants/plants.ts';
import { type Options, readOptions, usage } from './run/options.ts';

/** Progress is told this often. */
const tellEveryMs = 10_000;

const options = read();
if (options.plant === 'list') {
  for (const { name, what } of plants) process.stdout.write(`${name.padEnd(28)}${what}\n`);
} else {
  // Errors are made by the thousand here, and nobody reads where they come from.
  if (!options.trace) Error.stackTraceLimit = 0;
  if (options.plant !== undefined) plantBug(options.plant);
  await run(options);
}

function read(): Options {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : 'bad arguments'}\n\n${usage}`);
    return process.exit(2);
  }
}

/** The programs are loaded only now, so that a bug can be planted into them first. */
async function run(chosen: Options): Promise<void> {
  const { simulate } = await import('./run/simulate.ts');
  const { describeFailure, describeRuns } = await import('./run/print.ts');
  const startedMs = performance.now();
  let toldMs = startedMs;
  // Whoever is tired of waiting gets what there is, after the present world.
  let isOver = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => (isOver = true));
  const tell = ({ worlds, onboardings }: { worlds: number; onboardings: number }): void => {
    if (chosen.json || performance.now() - toldMs < tellEveryMs) return;
    toldMs = performance.now();
    const perSecond = (onboardings / ((toldMs - startedMs) / 1000)).toFixed(0);
    process.stderr.write(`${worlds} worlds, ${onboardings} onboardings, ${perSecond} a second\n`);
  };
  const summary = await simulate(chosen, tell, () => isOver);
  if (chosen.json) process.stdout.write(`${JSON.stringify(summary)}\n`);
  else process.stdout.write(`${describeRuns([summary])}\n${describeFailure(summary, chosen)}`);
  process.exitCode = summary.failure === undefined ? 0 : 1;
}

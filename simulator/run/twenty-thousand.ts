import { type PrintedSummary, runSimulator } from './child.ts';
import { commitSeed } from './commit-seed.ts';

/** In two files of tests, one for each core. */
const onboardings = 20_000;
const files = 2;
/** Far from the other's seeds. */
const seedsApart = 1_000_000;

/** Boards in a world. */
const devices = 120;

/** What one of the two files runs: every onboarding, or an error that says how to run the failure again. */
export async function runShare(
  file: number,
  signal: AbortSignal,
): Promise<{ summary: PrintedSummary; share: number }> {
  const seed = (await commitSeed()) + file * seedsApart;
  // Printed so that the worlds of a failed build can be run again.
  process.stdout.write(`simulating from seed ${seed} with --devices ${devices}\n`);
  const share = onboardings / files;
  const bounds = ['--onboardings', String(share), '--devices', String(devices)];
  return { summary: await runSimulator(['--seed', String(seed), ...bounds], signal), share };
}

import { describe, expect, it } from 'vitest';
import { runSimulator } from './run/child.ts';
import { commitSeed } from './run/commit-seed.ts';
import { faultKinds } from './world/faults.ts';

/** In two processes, one for each core. */
const onboardings = 20_000;
const timeoutMs = 20 * 60_000;

describe('twenty thousand onboardings in worlds of faults', () => {
  it(
    'keep every promise at every step, and end with every device online',
    async () => {
      const seed = await commitSeed();
      // Printed so that the worlds of a failed build can be run again.
      process.stdout.write(`simulating from seeds ${seed} and ${seed + 1_000_000}\n`);
      const parts = await Promise.all(
        [seed, seed + 1_000_000].map((first) =>
          runSimulator('--seed', String(first), '--onboardings', String(onboardings / 2), '--devices', '120'),
        ),
      );
      for (const { failure } of parts) expect(failure).toBeUndefined();
      const total = parts.reduce((sum, part) => sum + part.onboardings, 0);
      expect(total).toBeGreaterThanOrEqual(onboardings);
      // None of the faults has become one that no longer happens.
      for (const kind of Object.keys(faultKinds)) {
        const times = parts.reduce(
          (sum, { faults }) => sum + (faults[kind as keyof typeof faultKinds] ?? 0),
          0,
        );
        expect.soft(times, kind).toBeGreaterThan(0);
      }
    },
    timeoutMs,
  );
});

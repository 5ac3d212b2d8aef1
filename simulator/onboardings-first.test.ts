import { describe, expect, it } from 'vitest';
import { runShare } from './run/twenty-thousand.ts';
import { faultKinds } from './world/faults.ts';

/** Minutes where the cores are free; a machine that is busy with other work gives a tenth of one. */
const timeoutMs = 45 * 60_000;

describe('ten thousand onboardings in worlds of faults, the first half of twenty', () => {
  it(
    'keep every promise at every step, end with every device online, and meet every kind of fault',
    async ({ signal }) => {
      const { summary, share } = await runShare(0, signal);
      expect(summary.failure).toBeUndefined();
      expect(summary.onboardings).toBeGreaterThanOrEqual(share);
      // None of the faults has become one that no longer happens.
      const happened = Object.keys(summary.faults);
      expect(happened).toEqual(expect.arrayContaining(Object.keys(faultKinds)));
    },
    timeoutMs,
  );
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameBudget, type FrameVerdict } from './frame-budget.ts';

const second = 1000;

function take(budget: FrameBudget, frames: number, nowMs: number): FrameVerdict[] {
  return Array.from({ length: frames }, () => budget.take(nowMs));
}

describe('the frames of one connection', () => {
  it('may come a thousand at once, and fifty a second for ever', () => {
    const budget = new FrameBudget(0);
    const verdicts = take(budget, 1_000, 0);
    for (let nowMs = second; nowMs <= 60 * second; nowMs += second) verdicts.push(...take(budget, 50, nowMs));
    expect(new Set(verdicts.map(({ kind }) => kind))).toEqual(new Set(['in_budget']));
  });

  it('that come faster are not read before they are in budget again', () => {
    const budget = new FrameBudget(0);
    take(budget, 1_000, 0);
    expect(take(budget, 100, 0).at(-1)).toEqual({ kind: 'pause', pauseMs: 2_000 });
    expect(budget.take(2_000 + 20)).toEqual({ kind: 'in_budget' });
  });

  it('that had come all the same are a flood, and are told how long to stay away', () => {
    const budget = new FrameBudget(0);
    take(budget, 2_000, 0);
    expect(budget.take(0)).toEqual({ kind: 'flood', retrySeconds: 21 });
  });

  it('count as many, when they are large', () => {
    const budget = new FrameBudget(0);
    const largest = Array.from({ length: 58 }, () => budget.take(0, 65_536));
    expect(largest.every(({ kind }) => kind === 'in_budget')).toBe(true);
    expect(budget.take(0, 65_536).kind).toBe('pause');
  });

  it('cost nothing when they were asked for', () => {
    const budget = new FrameBudget(0);
    for (let frame = 0; frame < 10_000; frame += 1) {
      expect(budget.take(0, 65_536)).toEqual({ kind: 'in_budget' });
      budget.giveBack();
    }
  });

  it('are never more than the bucket and its rate allow, however they are spread, and clocks may stand still', () => {
    const gaps = fc.array(fc.nat({ max: 400 }), { maxLength: 3_000, size: 'max' });
    fc.assert(
      fc.property(gaps, (all) => {
        const budget = new FrameBudget(0);
        let nowMs = 0;
        let passed = 0;
        for (const gapMs of all) {
          nowMs += gapMs;
          const verdict = budget.take(nowMs);
          if (verdict.kind === 'in_budget') passed += 1;
          if (verdict.kind === 'pause') expect(verdict.pauseMs).toBeGreaterThan(0);
        }
        expect(passed).toBeLessThanOrEqual(1_000 + (nowMs / second) * 50);
      }),
      { numRuns: 30 },
    );
  });
});

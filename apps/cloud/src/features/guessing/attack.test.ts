import { twoGroupCodesLiveMax, unknownCodesPerAddressMax } from '@edgeflow/contract';
import { describe, expect, it } from 'vitest';
import { twoGroupTtlSecondsMax } from '../codes/index.ts';
import { guessingAddressesMax, networkGuessesMax, sharedBudgetsMax } from './budget.ts';
import { alarmGuessesADay } from './decide.ts';
import { attack, type AttackPlan } from './testing/attack.ts';

/** The arithmetic of SECURITY.md, on the numbers that the program uses. */
describe('the chance to guess a code', () => {
  const twoGroups = 32 ** 8;
  const threeGroups = 32 ** 12;
  const addresses = 10_000;
  const days = 30;
  const perAddress = unknownCodesPerAddressMax * days;

  it('from ten thousand addresses in thirty days is below 1 in 1,000, for a hundred codes of two groups', () => {
    expect(perAddress * addresses).toBe(10_800_000);
    expect((perAddress * addresses * twoGroupCodesLiveMax) / twoGroups).toBeLessThan(1e-3);
  });

  it('is a tenth of a millionth for ten thousand codes of three groups', () => {
    expect((perAddress * addresses * 10_000) / threeGroups).toBeLessThan(1e-7);
  });

  it('is below 1 in 1,000 however many addresses there are, while the codes live that were there at the alarm', () => {
    const aDay = (guessingAddressesMax + sharedBudgetsMax) * unknownCodesPerAddressMax;
    const daysAtMost = twoGroupTtlSecondsMax / 86_400;
    expect(aDay).toBe(1_474_560);
    expect((aDay * daysAtMost * twoGroupCodesLiveMax) / twoGroups).toBeLessThan(1e-3);
  });

  it('is below 1 in 100,000 for who stays below the alarm', () => {
    expect((alarmGuessesADay * (days + 1) * twoGroupCodesLiveMax) / twoGroups).toBeLessThan(1e-5);
  });

  it('of three groups is below 1 in 1,000 without any budget, at five thousand guesses a second', () => {
    expect((5_000 * 86_400 * days * 10_000) / threeGroups).toBeLessThan(1e-3);
  });
});

const plan: AttackPlan = {
  ...{ seed: 1, days: 30, triesEachDay: 4, restartEveryDays: 0 },
  addresses: Array.from({ length: 100 }, (_, index) => `198.51.100.${String(index)}`),
  // A smaller world, so that there is something to hit: 108,000 tries against 1 in 2,048.
  ...{ codes: 2 ** 30, live: 2 ** 19 },
};

describe('an attack of thirty days on the real budgets', () => {
  it('makes exactly as many tries as the arithmetic says, and hits as often as chance has it', async () => {
    const report = await attack(plan);
    expect(report.mostOfOneAddress).toBeLessThanOrEqual(36 * 30 + 12);
    expect(report.tries - report.hits).toBe(36 * 30 * 100);
    const expected = (report.tries * plan.live) / plan.codes;
    expect(Math.abs(report.hits - expected)).toBeLessThan(5 * Math.sqrt(expected));
  });

  it('gains nothing by the restarts of the cloud', async () => {
    const report = await attack({ ...plan, addresses: plan.addresses.slice(0, 20), restartEveryDays: 1 });
    expect(report.tries - report.hits).toBe(36 * 30 * 20);
  });

  it('gains nothing by choosing its moments', async () => {
    const addresses = plan.addresses.slice(0, 10);
    const report = await attack({ ...plan, addresses, triesEachDay: 97 });
    expect(report.tries - report.hits).toBeLessThanOrEqual(36 * 30 * 10);
    expect(report.tries - report.hits).toBeGreaterThan(36 * 29 * 10);
  });

  it('from two thousand networks of one IPv6 site makes what the site may', async () => {
    const addresses = Array.from({ length: 2_000 }, (_, index) => `2001:db8:1:${index.toString(16)}::1`);
    const report = await attack({ ...plan, addresses, days: 3 });
    // A network's day is counted by the hour, so it has up to an hour more.
    const most = networkGuessesMax['/48'] * 3;
    expect(report.tries - report.hits).toBeLessThanOrEqual(most);
    expect(report.tries - report.hits).toBeGreaterThan(most / 2);
  });
});

import { systemRandom } from '@edgeflow/platform';
import { SimulatedTime } from '@edgeflow/platform/simulated';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  type Attempt,
  FailureBudget,
  Guesses,
  guessingAddressesMax,
  networkGuessesMax,
  sharedBudgetsMax,
} from './budget.ts';

const daySeconds = 24 * 3600;
const home = '203.0.113.7';
const short = (address: string): Attempt => ({ address, short: true });
const long = (address: string): Attempt => ({ address, short: false });

let time: SimulatedTime;
let budget: FailureBudget;
beforeEach(() => {
  time = new SimulatedTime();
  budget = new FailureBudget(time, systemRandom);
});

let made = 0;
/** The hash of a code that nobody has tried before. */
function another(): string {
  made += 1;
  return made.toString(16).padStart(12, '0');
}

function spend(count: number, address = home): void {
  for (let index = 0; index < count; index += 1) budget.spend(address, another());
}

function remaining(attempt: Attempt): number {
  return Math.min(...budget.limitsOf(attempt).map((limit) => limit.remaining));
}

/** Tries as often as it may. Returns how often that was. */
function attack(attempt: Attempt, triesMax: number): number {
  for (let tries = 0; tries < triesMax; tries += 1) {
    if (budget.waitSeconds(attempt) > 0) return tries;
    budget.spend(attempt.address, another());
  }
  return triesMax;
}

const ipv4 = (index: number): string =>
  `10.${String(index >> 16)}.${String((index >> 8) & 255)}.${String(index & 255)}`;
const ipv6 = (site: number, network: number): string =>
  `2001:db8:${site.toString(16)}:${network.toString(16)}::1`;

describe('the budget of unknown codes', () => {
  it('is 36 distinct codes a day for one address', () => {
    spend(35);
    expect(budget.waitSeconds(short(home))).toBe(0);
    expect(remaining(short(home))).toBe(1);
    spend(1);
    expect(budget.waitSeconds(short(home))).toBe(daySeconds);
    expect(budget.waitSeconds(long(home))).toBe(daySeconds);
    expect(remaining(short(home))).toBe(0);
  });

  it('is spent once by a code that is repeated', () => {
    for (let again = 0; again < 1000; again += 1) budget.spend(home, 'abcdef012345');
    expect(remaining(short(home))).toBe(35);
    expect(budget.knows(home, 'abcdef012345')).toBe(true);
    expect(budget.knows(home, 'abcdef012346')).toBe(false);
  });

  it('of one address is not touched by another', () => {
    spend(36);
    expect(budget.waitSeconds(short('203.0.113.8'))).toBe(0);
    expect(remaining(short('203.0.113.8'))).toBe(36);
  });

  it('comes back code by code, a day after each was tried', async () => {
    spend(18);
    await time.advance(3600 * 1000);
    spend(18);
    expect(budget.waitSeconds(short(home))).toBe(daySeconds - 3600);
    await time.advance((daySeconds - 3600) * 1000 - 1);
    expect(budget.waitSeconds(short(home))).toBe(1);
    await time.advance(1);
    expect(budget.waitSeconds(short(home))).toBe(0);
    expect(remaining(short(home))).toBe(18);
  });

  it('does not hang on the wall clock', () => {
    spend(36);
    time.setWallClock(time.now() + 1000 * daySeconds * 1000);
    expect(budget.waitSeconds(short(home))).toBe(daySeconds);
  });

  it('of an IPv6 /64 is one, of its neighbour another', () => {
    spend(36, '2001:db8:1:2::1');
    expect(budget.waitSeconds(long('2001:db8:1:2:ffff::2'))).toBe(daySeconds);
    expect(budget.waitSeconds(long('2001:db8:1:3::1'))).toBe(0);
  });
});

describe('the holder of a large IPv6 network', () => {
  it('tries as many two-group codes as eight addresses from a /48', () => {
    let tries = 0;
    for (let network = 0; network < 65_536; network += 16) tries += attack(short(ipv6(1, network)), 100);
    expect(tries).toBe(networkGuessesMax['/48']);
    expect(budget.waitSeconds(short(ipv6(1, 1)))).toBeGreaterThan(daySeconds - 1);
    expect(attack(short(ipv6(2, 1)), 100)).toBe(36);
  });

  it('tries as many as 256 addresses from a /32', () => {
    let tries = 0;
    for (let site = 0; site < 256; site += 1) {
      for (let network = 0; network < 16; network += 1) tries += attack(short(ipv6(site, network)), 100);
    }
    expect(tries).toBe(networkGuessesMax['/32']);
    expect(attack(short('2001:db9::1'), 100)).toBe(36);
  });

  it('keeps no neighbour from using a code of three groups', () => {
    for (let network = 0; network < 300; network += 1) attack(long(ipv6(1, network)), 40);
    expect(budget.waitSeconds(short(ipv6(1, 0xbeef)))).toBeGreaterThan(0);
    expect(budget.waitSeconds(long(ipv6(1, 0xbeef)))).toBe(0);
    expect(new Guesses(budget).mayTry(long(ipv6(1, 0xbeef)))).toBe(true);
    // Nor can it fill the table: who has no entry yet gets none once the network's budget is spent.
    expect(budget.size).toBeLessThan(20 + sharedBudgetsMax);
    expect(budget.waitSeconds(short('203.0.113.9'))).toBe(0);
    expect(budget.waitSeconds(short('2001:db8:2::1'))).toBe(0);
  });
});

describe('a table that is full', () => {
  it('resets nobody and grows no further, however many addresses come', () => {
    for (let index = 0; index < 100_000; index += 1) budget.spend(ipv4(index), another());
    // Each of the first has spent one, and still has only 35.
    expect(remaining(short(ipv4(0)))).toBe(35);
    expect(budget.size).toBeGreaterThan(guessingAddressesMax);
    expect(budget.size).toBeLessThanOrEqual(guessingAddressesMax + sharedBudgetsMax);
    // Those that share have spent what they share; a code of three groups is judged all the same.
    expect(attack(short(ipv4(200_000)), 100)).toBeLessThan(37);
    expect(budget.waitSeconds(short(ipv4(200_000)))).toBeGreaterThan(0);
    expect(budget.waitSeconds(long(ipv4(200_000)))).toBe(0);
  });
});

describe('guesses that come at once', () => {
  const tryThem = (guesses: Guesses, attempts: readonly Attempt[]): number =>
    attempts.filter((attempt) => {
      const may = guesses.mayTry(attempt);
      if (may) guesses.note(attempt, another());
      return may;
    }).length;

  it('are held to the budget in their order', () => {
    spend(30);
    const guesses = new Guesses(budget);
    expect(
      tryThem(
        guesses,
        Array.from({ length: 20 }, () => short(home)),
      ),
    ).toBe(6);
    expect(guesses.mayTry(short('203.0.113.8'))).toBe(true);
  });

  it('are held to the budget of their network too', () => {
    for (let network = 0; network < 7; network += 1) spend(36, ipv6(1, network));
    const attempts = Array.from({ length: 200 }, (_, index) => short(ipv6(1, 1000 + index)));
    expect(tryThem(new Guesses(budget), attempts)).toBe(36);
  });

  it('cost nothing when they repeat a code, of this batch or of an earlier one', () => {
    spend(34);
    budget.spend(home, 'abcdef012345');
    const guesses = new Guesses(budget);
    for (let again = 0; again < 100; again += 1) {
      expect(guesses.mayTry(short(home))).toBe(true);
      guesses.note(short(home), 'abcdef012345');
    }
    guesses.note(short(home), another());
    expect(guesses.mayTry(short(home))).toBe(false);
  });

  it('spend nothing until they are spent', () => {
    const guesses = new Guesses(budget);
    tryThem(
      guesses,
      Array.from({ length: 36 }, () => short(home)),
    );
    expect(remaining(short(home))).toBe(36);
  });
});

describe('what was written down', () => {
  it('gives another budget what this one has spent, once', () => {
    spend(20);
    const other = new FailureBudget(time, systemRandom);
    const guesses = budget.takeUnwritten();
    expect(guesses).toHaveLength(20);
    expect(budget.takeUnwritten()).toEqual([]);
    for (const guess of [...guesses, ...guesses]) other.recall(guess, 3600 * 1000);
    expect(other.limitsOf(short(home))[0]?.remaining).toBe(16);
    expect(other.guessesToday).toBe(20);
    expect(other.takeUnwritten()).toEqual([]);
  });

  it('counts for the network of its address as well', () => {
    for (let network = 0; network < 8; network += 1) spend(36, ipv6(1, network));
    const other = new FailureBudget(time, systemRandom);
    for (const guess of budget.takeUnwritten()) other.recall(guess, 0);
    expect(other.waitSeconds(short(ipv6(1, 99)))).toBeGreaterThan(0);
  });
});

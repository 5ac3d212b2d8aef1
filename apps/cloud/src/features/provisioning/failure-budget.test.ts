import { SimulatedTime } from '@edgeflow/platform/simulated';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { budgetKey, FailureBudget, Guesses } from './failure-budget.ts';

const daySeconds = 24 * 3600;
const home = '203.0.113.7';

let time: SimulatedTime;
let budget: FailureBudget;
beforeEach(() => {
  time = new SimulatedTime();
  budget = new FailureBudget(time);
});

function spend(count: number, address = home, first = 0): void {
  for (let index = first; index < first + count; index += 1) budget.spend(address, `code-${String(index)}`);
}

describe('the budget of unknown codes', () => {
  it('is 36 distinct codes a day for one address', () => {
    spend(35);
    expect(budget.waitSeconds(home)).toBe(0);
    expect(budget.remaining(home)).toBe(1);
    spend(1, home, 35);
    expect(budget.waitSeconds(home)).toBe(daySeconds);
    expect(budget.remaining(home)).toBe(0);
  });

  it('is spent once by a code that is repeated', () => {
    for (let again = 0; again < 1000; again += 1) budget.spend(home, 'mistyped');
    expect(budget.remaining(home)).toBe(35);
    expect(budget.knows(home, 'mistyped')).toBe(true);
    expect(budget.knows(home, 'another')).toBe(false);
  });

  it('of one address is not touched by another', () => {
    spend(36);
    expect(budget.waitSeconds('203.0.113.8')).toBe(0);
    expect(budget.remaining('203.0.113.8')).toBe(36);
  });

  it('comes back code by code, a day after each was tried', async () => {
    spend(18);
    await time.advance(3600 * 1000);
    spend(18, home, 18);
    expect(budget.waitSeconds(home)).toBe(daySeconds - 3600);
    await time.advance((daySeconds - 3600) * 1000 - 1);
    expect(budget.waitSeconds(home)).toBe(1);
    await time.advance(1);
    expect(budget.waitSeconds(home)).toBe(0);
    expect(budget.remaining(home)).toBe(18);
  });

  it('does not hang on the wall clock', () => {
    spend(36);
    time.setWallClock(time.now() + 1000 * daySeconds * 1000);
    expect(budget.waitSeconds(home)).toBe(daySeconds);
  });

  it('is held for 20,000 addresses; then the one that failed longest ago is forgotten', () => {
    spend(36, 'first');
    spend(36, 'second');
    for (let index = 0; index < 19_998; index += 1) budget.spend(`host-${String(index)}`, 'x');
    expect(budget.waitSeconds('first')).toBeGreaterThan(0);
    budget.spend('first', 'one more');
    budget.spend('newcomer', 'x');
    expect(budget.waitSeconds('second')).toBe(0);
    expect(budget.waitSeconds('first')).toBeGreaterThan(0);
  });
});

describe('guesses that come at once', () => {
  it('are held to the budget in their order', () => {
    spend(30);
    const guesses = new Guesses(budget);
    const allowed = Array.from({ length: 20 }, (_, index) => {
      const may = guesses.mayTry(home);
      if (may) guesses.note(home, `guess-${String(index)}`);
      return may;
    });
    expect(allowed.filter(Boolean)).toHaveLength(6);
    expect(guesses.mayTry('203.0.113.8')).toBe(true);
  });

  it('cost nothing when they repeat a code, of this batch or of an earlier one', () => {
    spend(35);
    const guesses = new Guesses(budget);
    for (let again = 0; again < 100; again += 1) {
      expect(guesses.mayTry(home)).toBe(true);
      guesses.note(home, 'code-0');
    }
    guesses.note(home, 'new');
    expect(guesses.mayTry(home)).toBe(false);
  });

  it('spend nothing until they are spent', () => {
    const guesses = new Guesses(budget);
    for (let index = 0; index < 36; index += 1) guesses.note(home, String(index));
    expect(budget.remaining(home)).toBe(36);
  });
});

describe('an address', () => {
  it.each([
    ['an IPv4 address', '203.0.113.7', '203.0.113.7'],
    ['an IPv4 address on an IPv6 socket', '::ffff:203.0.113.7', '203.0.113.7'],
    ['the same in capitals', '::FFFF:203.0.113.7', '203.0.113.7'],
    ['an IPv6 address', '2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['one with zeros left out at the end', '2001:db8::', '2001:db8:0:0'],
    ['one with zeros left out in the middle', '2001:db8::1', '2001:db8:0:0'],
    ['one with zeros left out among the first four', '2001::5:6:7:8:9', '2001:0:0:5'],
    ['one with leading zeros', '2001:0db8:0001:0002::9', '2001:db8:1:2'],
    ['one in capitals', '2001:DB8:A:B::9', '2001:db8:a:b'],
    ['a link-local one with its zone', 'fe80::1%eth0', 'fe80:0:0:0'],
    ['loopback', '::1', '0:0:0:0'],
    ['nothing known', 'unknown', 'unknown'],
  ])('that is %s counts as %s → %s', (_, address, key) => {
    expect(budgetKey(address)).toBe(key);
  });

  it('shares its budget with its /64, however it is written, and with no other', () => {
    const group = fc.nat(0xffff).map((value) => value.toString(16));
    fc.assert(
      fc.property(
        fc.tuple(group, group, group, group),
        fc.tuple(group, group, group, group),
        (network, host) => {
          const key = budgetKey([...network, ...host].join(':'));
          expect(budgetKey(`${network.join(':')}::${host[3]}`)).toBe(key);
          expect(budgetKey([...network, '1', '2', '3', '4'].join(':').toUpperCase())).toBe(key);
          const neighbour = (Number.parseInt(network[3], 16) ^ 1).toString(16);
          expect(budgetKey([...network.slice(0, 3), neighbour, ...host].join(':'))).not.toBe(key);
        },
      ),
    );
  });
});

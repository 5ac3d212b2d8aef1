import { systemRandom } from '@edgeflow/platform';
import { SimulatedTime } from '@edgeflow/platform/simulated';
import { beforeEach, describe, expect, it } from 'vitest';
import { databaseKinds } from '../../storage/testing/databases.ts';
import { Browser } from '../../testing/api-client.ts';
import { firstOwner, password } from '../../testing/people.ts';
import { startTestCloud } from '../../testing/test-cloud.ts';
import {
  attemptsInAllMax,
  attemptsPerAccountMax,
  attemptsPerAddressMax,
  attemptsPerBrowserMax,
  attemptsPerKnownMax,
  attemptsWindowSeconds,
  comparingMax,
  refusalsPerAddressMax,
  resetsPerAccountMax,
  resetsPerAddressMax,
  SignInBudget,
} from './sign-in-budget.ts';

const account = 'ada@example.org';
const addressOf = (number: number): string => `198.51.100.${String(number)}`;

describe('attempts to sign in', () => {
  let time: SimulatedTime;
  let budget: SignInBudget;
  beforeEach(() => {
    time = new SimulatedTime();
    budget = new SignInBudget(time, systemRandom);
  });

  /** How many of so many were let through. */
  function allowed(count: number, attempt: (number: number) => void): number {
    let through = 0;
    for (let number = 0; number < count; number += 1) {
      try {
        attempt(number);
        through += 1;
      } catch (error) {
        expect(error).toMatchObject({ code: 'sign_in_throttled' });
      }
    }
    return through;
  }

  it('are so many distinct passwords for one account, from however many addresses, and more a quarter of an hour later', async () => {
    const guess = (number: number): void =>
      budget.attempt({ account, address: addressOf(number) }, `guess ${String(number)}`);
    expect(allowed(30, guess)).toBe(attemptsPerAccountMax);
    await time.advance(attemptsWindowSeconds * 1000);
    expect(allowed(30, guess)).toBe(attemptsPerAccountMax);
  });

  it('are so many from one address, for however many accounts; an IPv6 network is one', () => {
    const guess = (number: number): void =>
      budget.attempt(
        { account: `${String(number)}@example.org`, address: `2001:db8::${String(number)}` },
        'one',
      );
    expect(allowed(100, guess)).toBe(attemptsPerAddressMax);
    budget.attempt({ account: 'other@example.org', address: '2001:db8:0:1::1' }, 'one');
  });

  it('cost one when the same password is typed again and again', () => {
    const attempt = { account, address: addressOf(1) };
    expect(allowed(100, () => budget.attempt(attempt, 'the same'))).toBe(100);
    expect(allowed(30, (number) => budget.attempt(attempt, String(number)))).toBe(attemptsPerAccountMax - 1);
  });

  it('are bounded in all, however often the same password is repeated', async () => {
    const attempt = { account, address: addressOf(1) };
    const again = (): void => budget.attempt(attempt, 'the same');
    expect(allowed(300, again)).toBe(attemptsInAllMax);
    budget.attempt({ ...attempt, browser: 'known' }, 'the same');
    await time.advance((attemptsWindowSeconds + 61) * 1000);
    expect(allowed(1, again)).toBe(1);
  });

  it('from a browser that is known are counted apart: no stranger keeps its person out', () => {
    allowed(100, (number) => budget.attempt({ account, address: addressOf(number) }, String(number)));
    const known = { account, address: addressOf(1), browser: 'known' };
    expect(allowed(30, (number) => budget.attempt(known, String(number)))).toBe(attemptsPerBrowserMax);
  });

  it('from all browsers of an account that are known are so many together', () => {
    const guess = (number: number): void => {
      const browser = `known ${String(number % 10)}`;
      budget.attempt({ account, address: addressOf(1), browser }, String(number));
    };
    expect(allowed(100, guess)).toBe(attemptsPerKnownMax);
    // What was tried before costs nothing, there too.
    expect(allowed(1, guess)).toBe(1);
  });

  it('are written down once for each password, and not without end from one address', async () => {
    const attempt = { account, address: addressOf(1) };
    const news = (number: number): boolean => budget.isNews(attempt, String(number % 2));
    expect(Array.from({ length: 6 }, (_, number) => news(number))).toEqual([
      true,
      true,
      ...Array(4).fill(false),
    ]);
    expect([1, 2, 3].map(() => budget.isNews(attempt, undefined))).toEqual([true, false, false]);
    const accounts = Array.from({ length: 200 }, (_, number) => `${String(number)}@example.org`);
    const written = accounts.filter((one) => budget.isNews({ ...attempt, account: one }, undefined));
    expect(written).toHaveLength(refusalsPerAddressMax - 3);
    await time.advance(attemptsWindowSeconds * 1000);
    expect(news(0)).toBe(true);
  });

  it('by a new password are a few links an account, and a few an address', () => {
    const sent = Array.from({ length: 10 }, (_, number) =>
      budget.reset({ account, address: addressOf(number) }),
    );
    expect(sent.filter(Boolean)).toHaveLength(resetsPerAccountMax);
    const ask = (number: number): void =>
      void budget.reset({ account: `${String(number)}@example.org`, address: addressOf(99) });
    expect(allowed(50, ask)).toBe(resetsPerAddressMax);
  });
});

describe.each(databaseKinds)('one password sent again and again from one address, on %s,', (kind) => {
  it('fills no queue: whoever is known there signs in meanwhile', async () => {
    const cloud = await startTestCloud(kind);
    try {
      const owner = await firstOwner(cloud, new Browser());
      const body = { email: 'nobody@example.org', password: 'always the same' };
      const flood = Array.from({ length: 80 }, async () => {
        const response = await cloud.person().raw('signIn', { body });
        return response.status;
      });
      await owner.call('signIn', 200, { body: { email: 'ada@example.org', password } });
      const statuses = await Promise.all(flood);
      expect(new Set(statuses)).toEqual(new Set([401, 429]));
      expect(statuses.filter((status) => status === 401).length).toBeGreaterThanOrEqual(comparingMax);
    } finally {
      await cloud.discard();
    }
  });
});

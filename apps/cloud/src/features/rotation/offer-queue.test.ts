import { SimulatedTime } from '@edgeflow/platform/simulated';
import { describe, expect, it } from 'vitest';
import { againMs, attemptsMax, OfferQueue, offersPerSecond } from './offer-queue.ts';

function makeQueue(isFailing: (deviceId: string) => boolean): {
  time: SimulatedTime;
  queue: OfferQueue;
  /** Devices in the order of the attempts that were made to offer them a key. */
  attempts: string[];
} {
  const time = new SimulatedTime();
  const attempts: string[] = [];
  const queue = new OfferQueue(time, async (deviceId) => {
    attempts.push(deviceId);
    if (isFailing(deviceId)) throw new Error('the database is away');
    await Promise.resolve();
  });
  return { time, queue, attempts };
}

describe('an offer that failed', () => {
  it('is made again after a while, and no more once it has not failed', async () => {
    let isAway = true;
    const { attempts, queue, time } = makeQueue(() => isAway);
    queue.add('one');
    await time.advance(againMs - 1);
    expect(attempts).toEqual(['one']);
    await time.advance(1);
    expect(attempts).toEqual(['one', 'one']);
    isAway = false;
    await time.advance(10 * againMs);
    expect(attempts).toEqual(['one', 'one', 'one']);
  });

  it('is given up after so many attempts, and begins anew when it is asked for anew', async () => {
    const { attempts, queue, time } = makeQueue(() => true);
    queue.add('one');
    await time.advance(10 * attemptsMax * againMs);
    expect(attempts).toHaveLength(attemptsMax);
    queue.add('one');
    await time.advance(10 * attemptsMax * againMs);
    expect(attempts).toHaveLength(2 * attemptsMax);
  });

  it('is made once, whoever asks for it while it waits', async () => {
    let isAway = true;
    const { attempts, queue, time } = makeQueue(() => isAway);
    queue.add('one');
    await time.advance(1_000);
    isAway = false;
    queue.add('one');
    await time.advance(10 * againMs);
    expect(attempts).toEqual(['one', 'one']);
  });

  it('holds nobody up, and never makes more offers begin in a second', async () => {
    const { attempts, queue, time } = makeQueue((deviceId) => deviceId.startsWith('failing'));
    for (let made = 0; made < 2 * offersPerSecond; made += 1) {
      queue.add(`failing ${String(made)}`);
      queue.add(`good ${String(made)}`);
    }
    let before = 0;
    for (let passed = 0; passed < 60; passed += 1) {
      expect(attempts.length - before).toBeLessThanOrEqual(offersPerSecond);
      before = attempts.length;
      await time.advance(1_000);
    }
    const good = attempts.filter((deviceId) => deviceId.startsWith('good'));
    expect(new Set(good).size).toBe(2 * offersPerSecond);
    expect(good).toHaveLength(2 * offersPerSecond);
    expect(attempts.filter((deviceId) => deviceId === 'failing 0').length).toBeGreaterThan(3);
  });

  it('is forgotten when the queue stops', async () => {
    const { attempts, queue, time } = makeQueue(() => true);
    queue.add('one');
    await time.advance(1);
    queue.stop();
    queue.add('two');
    queue.failed('three');
    await time.advance(10 * againMs);
    expect(attempts).toEqual(['one']);
  });
});

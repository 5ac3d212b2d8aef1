import { systemRandom } from '@edgeflow/platform';
import { SimulatedTime } from '@edgeflow/platform/simulated';
import { beforeEach, describe, expect, it } from 'vitest';
import { waitSecondsMax, WrongCredentials, wrongCredentialsMax } from './wrong-credentials.ts';

const home = '203.0.113.7';

let time: SimulatedTime;
let wrong: WrongCredentials;
beforeEach(() => {
  time = new SimulatedTime();
  wrong = new WrongCredentials(time, systemRandom);
});

function spendAll(): void {
  for (let index = 0; index < wrongCredentialsMax; index += 1) wrong.note(home, `dev_${String(index)} key`);
}

describe('wrong credentials of an address', () => {
  it('are 100 distinct ones an hour; what comes after is told to slow down', async () => {
    spendAll();
    expect(wrong.note(home, 'one more')).toBe(waitSecondsMax);
    expect(wrong.note('203.0.113.8', 'one more')).toBe(0);
    await time.advance(3590_000);
    expect(wrong.note(home, 'one more')).toBe(10);
    await time.advance(10_000);
    expect(wrong.note(home, 'one more')).toBe(0);
  });

  it('are one for a device that repeats its wrong key for ever', async () => {
    for (let minute = 0; minute < 24 * 60; minute += 1) {
      expect(wrong.note(home, 'the same')).toBe(0);
      await time.advance(60_000);
    }
    wrong.note(home, 'the same');
    for (let index = 1; index < wrongCredentialsMax; index += 1)
      expect(wrong.note(home, String(index))).toBe(0);
    expect(wrong.note(home, 'one more')).toBeGreaterThan(0);
  });

  it('that were heard before are answered as before, though the budget is spent since', () => {
    wrong.note(home, 'dev_1 key');
    spendAll();
    expect(wrong.note(home, 'dev_1 key')).toBe(0);
  });

  it('are expected once they were heard, and whenever the budget is spent', () => {
    expect(wrong.expects(home, 'a')).toBe(false);
    wrong.note(home, 'a');
    expect([wrong.expects(home, 'a'), wrong.expects(home, 'b')]).toEqual([true, false]);
    spendAll();
    expect(wrong.expects(home, 'b')).toBe(true);
  });

  it('are held in bounded memory, however many addresses present them', () => {
    for (let index = 0; index < 100_000; index += 1) {
      wrong.note(`10.${String(index >> 16)}.${String((index >> 8) & 255)}.${String(index & 255)}`, 'x');
    }
    expect(wrong.size).toBe(16_384 + 1_024);
  });
});

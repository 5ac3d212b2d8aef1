import { SimulatedTime } from '@edgeflow/platform/simulated';
import { beforeEach, describe, expect, it } from 'vitest';
import { SharedAnswers } from './shared-answers.ts';

describe('answers that are shared', () => {
  let time: SimulatedTime;
  let answers: SharedAnswers<number>;
  let found: number;
  beforeEach(() => {
    time = new SimulatedTime();
    answers = new SharedAnswers(time);
    found = 0;
  });

  /** Takes so long, and is another one each time. */
  async function find(costMs: number): Promise<number> {
    await new Promise<void>((resolve) => {
      time.after(costMs, resolve);
    });
    found += 1;
    return found;
  }

  async function askMany(count: number, costMs: number, question = 'q'): Promise<number[]> {
    const asked = Array.from({ length: count }, () => answers.ask(question, () => find(costMs)));
    await time.advance(costMs);
    return Promise.all(asked);
  }

  it('are found once for all who ask at one moment, and soon after', async () => {
    expect(new Set(await askMany(100, 5))).toEqual(new Set([1]));
    await time.advance(200);
    expect(new Set(await askMany(100, 5))).toEqual(new Set([1]));
    await time.advance(60);
    expect(await askMany(1, 5)).toEqual([2]);
  });

  it('that were dear to find are kept for longer, and never for longer than ten seconds', async () => {
    await askMany(1, 100);
    await time.advance(990);
    expect(await askMany(1, 100)).toEqual([1]);
    await time.advance(20);
    expect(await askMany(1, 5_000)).toEqual([2]);
    await time.advance(9_000);
    expect(await askMany(1, 0)).toEqual([2]);
    await time.advance(1_001);
    expect(await askMany(1, 0)).toEqual([3]);
  });

  it('can have a shorter life, and fewer of them can be kept', async () => {
    answers = new SharedAnswers(time, { lifeMsMax: 1_000, keptMax: 1 });
    await askMany(1, 5_000);
    await time.advance(990);
    expect(await askMany(1, 0)).toEqual([1]);
    await time.advance(20);
    expect(await askMany(1, 0)).toEqual([2]);
    await askMany(1, 0, 'other');
    expect(await askMany(1, 0)).toEqual([4]);
  });

  it('to different questions are different, and only so many are kept', async () => {
    expect(await askMany(1, 0, 'one')).toEqual([1]);
    expect(await askMany(1, 0, 'other')).toEqual([2]);
    expect(await askMany(1, 0, 'one')).toEqual([1]);
    for (let index = 0; index < 1_000; index += 1) await askMany(1, 0, String(index));
    const before = found;
    expect(await askMany(1, 0, 'one')).toEqual([before + 1]);
  });

  it('are not kept where finding failed', async () => {
    const failing = answers.ask('q', () => Promise.reject(new Error('no')));
    await expect(failing).rejects.toThrow('no');
    expect(await askMany(1, 0)).toEqual([1]);
  });
});

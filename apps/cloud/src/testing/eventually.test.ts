import { describe, expect, it } from 'vitest';
import { eventually, eventuallyTrue } from './eventually.ts';

describe('waiting for what nothing announces', () => {
  it('ends with an error that names it once the time is up', async () => {
    await expect(eventually('the end', () => undefined, 0)).rejects.toThrow('the end: not within 0 ms');
    await expect(eventuallyTrue('the truth', () => false, 0)).rejects.toThrow('the truth: not within 0 ms');
  });

  it('leaves everything else its turn between two looks', async () => {
    let hasHadItsTurn = false;
    setImmediate(() => {
      hasHadItsTurn = true;
    });
    await eventuallyTrue('a turn of the event loop', () => hasHadItsTurn);
  });

  it('gives what it has found', async () => {
    let looks = 0;
    expect(await eventually('the third look', () => ((looks += 1) === 3 ? looks : undefined))).toBe(3);
  });
});

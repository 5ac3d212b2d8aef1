import { SimulatedTime } from '@edgeflow/platform/simulated';
import { describe, expect, it } from 'vitest';
import { SparseLines } from './sparse-lines.ts';

describe('lines about what somebody else may do without end', () => {
  it('come at once, and then once a minute, with how often it has happened since', async () => {
    const time = new SimulatedTime();
    const lines = new SparseLines(time);
    expect([lines.count(), lines.count(), lines.count()]).toEqual([1, undefined, undefined]);
    await time.advance(59_999);
    expect(lines.count()).toBeUndefined();
    await time.advance(1);
    expect([lines.count(), lines.count()]).toEqual([4, undefined]);
    await time.advance(600_000);
    expect(lines.count()).toBe(2);
  });
});

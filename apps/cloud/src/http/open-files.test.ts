import { systemFiles } from '@edgeflow/platform';
import { SimulatedFiles } from '@edgeflow/platform/simulated';
import { describe, expect, it } from 'vitest';
import { doorLimits } from './open-files.ts';

describe('the room at the door', () => {
  it('is a part of the open files that this process may have', async () => {
    const { strangersMax, waitingMax } = await doorLimits(systemFiles);
    expect(waitingMax).toBeGreaterThanOrEqual(1);
    expect(waitingMax).toBeLessThanOrEqual(8_192);
    expect(strangersMax).toBeLessThanOrEqual(2_000);
  });

  it.each([
    [
      '1024                 524288               files',
      { waitingMax: 256, strangersMax: 128, acceptors: 16, connectionsMax: 768 },
    ],
    [
      '256                  524288               files',
      { waitingMax: 64, strangersMax: 32, acceptors: 8, connectionsMax: 192 },
    ],
    [
      'unlimited            unlimited            files',
      { waitingMax: 8_192, strangersMax: 2_000, acceptors: 16, connectionsMax: Infinity },
    ],
  ])('is told from %s', async (limits, expected) => {
    const files = new SimulatedFiles();
    await files.makeFolder('/proc/self');
    await files.write(
      '/proc/self/limits',
      new TextEncoder().encode(`Limit\nMax open files            ${limits}\n`),
      0o400,
    );
    expect(await doorLimits(files)).toEqual(expected);
  });

  it('is its full size where nothing is known', async () => {
    expect(await doorLimits(new SimulatedFiles())).toEqual({
      waitingMax: 8_192,
      strangersMax: 2_000,
      acceptors: 16,
      connectionsMax: Infinity,
    });
  });
});

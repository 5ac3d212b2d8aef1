import { SimulatedTime } from '@edgeflow/platform/simulated';
import { beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../logging.ts';
import { failureLinesMax, RefusalLog, refusalLinesMax } from './refusal-log.ts';

let time: SimulatedTime;
let lines: Record<string, unknown>[];
let log: RefusalLog;
beforeEach(() => {
  time = new SimulatedTime();
  lines = [];
  const write = (line: string): void => void lines.push(JSON.parse(line) as Record<string, unknown>);
  log = new RefusalLog(time, createLogger({ level: 'info', pretty: false, destination: { write } }));
  time.every(1_000, () => {
    log.tick();
  });
});

/** How many refusals the lines tell of, by code. */
function told(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { code, msg, refused } of lines) {
    const all = msg === 'more tunnels refused' ? (refused as Record<string, number>) : { [String(code)]: 1 };
    for (const [one, count] of Object.entries(all)) counts[one] = (counts[one] ?? 0) + count;
  }
  return counts;
}

describe('refusals', () => {
  it('are told one by one as long as they are few', async () => {
    for (let index = 0; index < 100; index += 1) {
      log.refused('key_rejected', '203.0.113.7');
      await time.advance(1_000);
    }
    expect(lines).toHaveLength(100);
    expect(lines[0]).toMatchObject({ msg: 'tunnel refused', code: 'key_rejected', address: '203.0.113.7' });
  });

  it('that are a flood are a few lines in ten seconds, which tell how many there were of each kind', async () => {
    for (let ms = 0; ms < 60_000; ms += 10) {
      for (let one = 0; one < 9; one += 1) log.refused('key_rejected', '203.0.113.7');
      log.refused('too_many_attempts', '203.0.113.7');
      await time.advance(10);
    }
    expect(lines.length).toBeLessThanOrEqual(7 * (refusalLinesMax + 1));
    // Nobody comes any more, and the rest is told all the same.
    await time.advance(10_000);
    expect(told()).toEqual({ key_rejected: 54_000, too_many_attempts: 6_000 });
    expect(lines.at(-1)).toMatchObject({ msg: 'more tunnels refused', seconds: 10 });
    const before = lines.length;
    await time.advance(60_000);
    expect(lines).toHaveLength(before);
  });

  it('for want of a database are no more lines than others, and no flood hides why', async () => {
    for (let index = 0; index < 1_000; index += 1) log.refused('key_rejected', '203.0.113.7');
    for (let index = 0; index < 1_000; index += 1) {
      log.failed(new Error('gone'));
      log.refused('unavailable', '203.0.113.7');
    }
    expect(lines).toHaveLength(refusalLinesMax + failureLinesMax);
    expect(lines.at(-1)).toMatchObject({ level: 'error', msg: 'a tunnel could not be judged' });
    log.flush();
    expect(told()).toMatchObject({ key_rejected: 1_000, unavailable: 1_000 });
  });
});

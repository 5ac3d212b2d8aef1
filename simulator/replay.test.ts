import { describe, expect, it } from 'vitest';
import { runMain, runSimulator } from './run/child.ts';

const few = ['--runs', '3', '--devices', '12'];

describe('a seed', () => {
  it('gives the same world again, step by step, in whatever process', async () => {
    const [one, again] = await Promise.all([
      runSimulator(['--seed', '7', ...few]),
      runSimulator(['--seed', '7', ...few]),
    ]);
    expect(one.failure).toBeUndefined();
    expect(again.traceHashes).toEqual(one.traceHashes);
    expect(new Set(one.traceHashes).size).toBe(3);
  });

  it('gives the same world alone as among others', async () => {
    const [among, alone] = await Promise.all([
      runSimulator(['--seed', '7', ...few]),
      runSimulator(['--seed', '9', '--runs', '1', '--devices', '12']),
    ]);
    expect(alone.traceHashes).toEqual(among.traceHashes.slice(-1));
  });

  it('replays a failure exactly, and prints how to', async () => {
    const planted = ['--plant', 'secret-logged', '--runs', '1', '--devices', '5', '--seed', '3', '--trace'];
    const [one, again] = await Promise.all([runMain(planted), runMain(planted)]);
    expect(one.output).toContain('VIOLATION no secret is told');
    expect(one.output).toContain(
      'npm run simulate -- --seed 3 --runs 1 --devices 5 --plant secret-logged --trace',
    );
    expect(again.output).toBe(one.output);
  });
});

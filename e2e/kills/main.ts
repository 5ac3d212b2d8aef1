import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bundleAgent } from '../../tools/bundle/agent-bundle.ts';
import { killAgents, type LoopOptions } from './agent-loop.ts';
import { killClouds } from './cloud-loop.ts';
import { killDuringRotation } from './rotation-loop.ts';
import type { Tally } from './tally.ts';

/**
 * `npm run kill -- --agent 500 --cloud 500 --rotation 200 --seed 1`: real processes, killed at random moments. Ends
 * with 1 when anything was violated.
 */
const { values } = parseArgs({
  options: {
    agent: { type: 'string', default: '40' },
    cloud: { type: 'string', default: '20' },
    rotation: { type: 'string', default: '20' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});

const seed = Number(values.seed);
const folder = mkdtempSync(join(tmpdir(), 'edgeflow-kills-'));
const say = (line: string): void => void process.stdout.write(`${line}\n`);
/** Tables go to standard output, how it goes to standard error. */
const tell = (line: string): void => void process.stderr.write(`${line}\n`);
let isStopping = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // What is under way is finished and shown; everything that was started ends.
  process.once(signal, () => {
    isStopping = true;
    tell('stopping: no further kills');
  });
}
try {
  const { main: program } = await bundleAgent(folder);
  const options = (kills: string): LoopOptions => ({
    seed,
    program,
    say: tell,
    get kills() {
      return isStopping ? 0 : Number(kills);
    },
  });
  say(`seed ${String(seed)}\n`);
  const loops: [LoopOptions, (given: LoopOptions) => Promise<Tally>][] = [
    [options(values.agent), killAgents],
    [options(values.cloud), killClouds],
    [options(values.rotation), (given) => killDuringRotation('agent', given)],
    [options(values.rotation), (given) => killDuringRotation('cloud', given)],
  ];
  for (const [given, run] of loops) {
    if (given.kills === 0) continue;
    const startMs = performance.now();
    const tally = await run(given);
    say(['', ...tally.table(), `${String(Math.round((performance.now() - startMs) / 1000))} s`].join('\n'));
    if (tally.violations.length > 0) process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleAgent } from '../../tools/bundle/agent-bundle.ts';
import { killAgents, type LoopOptions } from './agent-loop.ts';
import { killClouds } from './cloud-loop.ts';
import { killDuringRotation } from './rotation-loop.ts';
import type { Tally } from './tally.ts';

/** The share of `npm run kill` that every run of the tests does. */
const share = { agent: 40, cloud: 20, rotation: 12 } as const;
const seed = 1;
const patienceMs = 400_000;

describe('real processes that are killed at random moments', () => {
  const folder = mkdtempSync(join(tmpdir(), 'edgeflow-kills-'));
  let program = '';

  beforeAll(async () => {
    ({ main: program } = await bundleAgent(folder));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  async function run(kills: number, loop: (options: LoopOptions) => Promise<Tally>): Promise<Tally> {
    const tally = await loop({ kills, seed, program, say: () => undefined });
    const { burntCodes, lostIdentities, violations } = tally;
    expect({ kills: tally.kills, violations, burntCodes, lostIdentities }).toEqual({
      kills,
      violations: [],
      burntCodes: 0,
      lostIdentities: 0,
    });
    expect(tally.finished).toBeGreaterThan(0);
    return tally;
  }

  it(
    'the agent: every code makes one device, which comes online by itself',
    async () => {
      const { devices, finished } = await run(share.agent, killAgents);
      expect(devices).toBe(finished);
    },
    patienceMs,
  );

  it(
    'the cloud: every code makes one device, which comes online by itself',
    async () => {
      const { devices, finished } = await run(share.cloud, killClouds);
      expect(devices).toBe(finished);
    },
    patienceMs,
  );

  it(
    'the agent while its key rotates: it comes back with one key that works',
    async () => {
      await run(share.rotation, (options) => killDuringRotation('agent', options));
    },
    patienceMs,
  );

  it(
    'the cloud while keys rotate: devices come back with one key that works',
    async () => {
      await run(share.rotation / 3, (options) => killDuringRotation('cloud', options));
    },
    patienceMs,
  );
});

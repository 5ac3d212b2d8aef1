import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { startNode } from '../../e2e/support/processes.ts';
import { bundleAgent } from '../../tools/bundle/agent-bundle.ts';
import type { Plan } from '../plan.ts';
import { type Findings, shown, shownSpread } from '../report/section.ts';
import { median } from '../report/statistics.ts';
import { startAgent } from '../support/agent.ts';
import { residentBytes } from '../support/child.ts';
import { type Cleanup, withCleanup } from '../support/cleanup.ts';
import { type BenchCloud, certificateFiles, startCloud } from '../support/cloud.ts';
import { makeFolder } from '../support/folders.ts';

const aimedResidentMb = 75;
const bareStartMs = 10_000;
const partsShown = 5;

interface Program {
  readonly name: string;
  readonly main: string;
  readonly freshMs: number[];
  readonly againMs: number[];
  readonly residentMb: number[];
}

interface Bare {
  readonly startMs: number[];
  readonly residentMb: number[];
}

/** Start to online, and what stays in memory: the bundle, the source, and a bare `node` in turns. */
export async function measureAgent(cleanup: Cleanup, plan: Plan): Promise<Findings> {
  const { idleSeconds, rounds } = plan.agent;
  const folder = makeFolder(cleanup, 'agent');
  const bundle = await bundleAgent(join(folder, 'bundle'));
  const bytes = sum(bundle.files.map(({ contents }) => Buffer.byteLength(contents)));
  const gzippedBytes = sum(bundle.files.map(({ contents }) => gzipSync(contents).length));
  const cloudFolder = makeFolder(cleanup, 'agent-cloud');
  const cloud = await startCloud(cleanup, { folder: cloudFolder });
  const { ca } = certificateFiles(cloudFolder);
  const programs = [program('bundle', bundle.main), program('source', 'apps/agent/src/main.ts')];
  const bare: Bare = { startMs: [], residentMb: [] };
  for (let round = 0; round < rounds; round += 1) {
    for (const one of programs)
      await withCleanup(cleanup, (own) => measureProgram(own, one, cloud, ca, idleSeconds));
    await withCleanup(cleanup, (own) => measureBare(own, bare, idleSeconds));
  }
  const rows = programs.map(({ againMs, freshMs, name, residentMb }) => [
    ...[name, shownSpread(freshMs), shownSpread(againMs), shownSpread(residentMb)],
    shown(median(residentMb) - median(bare.residentMb)),
  ]);
  const seenMb = median(programs[0]?.residentMb ?? []);
  return {
    section: {
      title: 'Agent',
      columns: ['', 'new code to online ms', 'restart to online ms', 'resident MB', 'above bare node'],
      rows: [
        ...rows,
        ['floor: bare node', 'n/a', shownSpread(bare.startMs), shownSpread(bare.residentMb), '0'],
      ],
      notes: [
        'From the start of the process to `online` in its own status, over TLS to a real cloud on the same machine; the restart finds its encrypted identity. Bare node: to its first output.',
        `Resident: VmRSS once online and idle for ${idleSeconds} s; 1 MB = 1,000,000 bytes.`,
        `Bundle: ${shown(bytes / 1000)} kB minified, ${shown(gzippedBytes / 1000)} kB gzipped. Largest parts: ${bundle.parts
          .slice(0, partsShown)
          .map(([name, bytes]) => `${name} ${shown(bytes / 1000)} kB`)
          .join(', ')}.`,
      ],
    },
    aims: [
      {
        what: 'resident memory of the agent (bundle), MB',
        wanted: `≤ ${shown(aimedResidentMb)}`,
        seen: shown(seenMb),
        met: seenMb <= aimedResidentMb,
      },
    ],
  };
}

function program(name: string, main: string): Program {
  return { name, main, freshMs: [], againMs: [], residentMb: [] };
}

async function measureProgram(
  cleanup: Cleanup,
  into: Program,
  cloud: BenchCloud,
  caFile: string,
  idleSeconds: number,
): Promise<void> {
  const [code = ''] = await cloud.operator.makeCodes(1);
  const folder = makeFolder(cleanup, 'device');
  const options = { main: into.main, folder, cloud: cloud.secure, caFile, code };
  const fresh = await startAgent(cleanup, options);
  await fresh.stop();
  const again = await startAgent(cleanup, options);
  if (again.deviceId !== fresh.deviceId) throw new Error('the agent came back as another device');
  into.freshMs.push(fresh.onlineMs);
  into.againMs.push(again.onlineMs);
  into.residentMb.push(await idleResidentMb(again.pid, idleSeconds));
}

async function measureBare(cleanup: Cleanup, into: Bare, idleSeconds: number): Promise<void> {
  const startMs = performance.now();
  const bare = startNode('bare node', ['-e', 'console.log("up"); setInterval(() => {}, 1e6)'], {});
  cleanup.add(() => bare.stop());
  await bare.waitFor('its first output', (line) => (line === 'up' ? line : undefined), bareStartMs);
  into.startMs.push(performance.now() - startMs);
  into.residentMb.push(await idleResidentMb(bare.child.pid ?? NaN, idleSeconds));
}

async function idleResidentMb(pid: number, idleSeconds: number): Promise<number> {
  await sleep(idleSeconds * 1000);
  return residentBytes(pid) / 1_000_000;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

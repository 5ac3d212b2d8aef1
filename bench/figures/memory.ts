import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Plan } from '../plan.ts';
import { type Aim, type Findings, shown, shownSpread } from '../report/section.ts';
import { median } from '../report/statistics.ts';
import { type Child, collectedMemory, type Memory, startChild, waitForMember } from '../support/child.ts';
import { type Cleanup, withCleanup } from '../support/cleanup.ts';
import { certificateFiles, startCloud } from '../support/cloud.ts';
import { startFloor } from '../support/floor.ts';
import { makeFolder } from '../support/folders.ts';
import { waitForCount } from '../support/operator.ts';
import { registerFleet } from './fleet.ts';

const aimedShareOfFloor = 1.5;
/** Opened and closed before the first measurement, so that code and buffers made once do not count. */
const warmingTunnels = 200;
const openMs = 120_000;
/** What was allocated while connecting is given back by then. */
const idleMs = 2_000;

interface Fleet {
  readonly folder: string;
  readonly identityFile: string;
}

interface Server {
  readonly child: Child;
  readonly plain: URL;
  readonly secure: URL;
  readonly countTunnels: () => Promise<number>;
}

interface PerTunnel {
  /** All in bytes. */
  readonly rss: number[];
  readonly heap: number[];
}

/** Memory that an idle tunnel costs the server, ours and a bare `ws` in turns, each in a new process. */
export async function measureMemory(cleanup: Cleanup, plan: Plan): Promise<Findings> {
  const { plain, rounds, tls } = plan.memory;
  const fleet = await makeFleet(cleanup, Math.max(plain, tls));
  const kinds = [
    { name: 'plain', tunnels: plain, secure: false, ours: noRounds(), floor: noRounds() },
    { name: 'TLS', tunnels: tls, secure: true, ours: noRounds(), floor: noRounds() },
  ];
  for (let round = 0; round < rounds; round += 1) {
    for (const { floor, ours, secure, tunnels } of kinds) {
      await withCleanup(cleanup, async (own) =>
        measure(own, await startOurs(own, fleet), fleet, tunnels, secure, ours),
      );
      await withCleanup(cleanup, async (own) =>
        measure(own, await startBare(own, fleet), fleet, tunnels, secure, floor),
      );
    }
  }
  const ratio = (kind: (typeof kinds)[number]): number => median(kind.ours.rss) / median(kind.floor.rss);
  return {
    section: {
      title: 'Memory of an idle tunnel',
      columns: ['tunnels', 'ours KiB', 'of it JS heap', 'floor KiB', 'of it JS heap', 'ours/floor'],
      rows: kinds.map((kind) => [
        `${shown(kind.tunnels)} ${kind.name}`,
        ...[shownSpread(kind.ours.rss.map(toKib)), shown(toKib(median(kind.ours.heap)))],
        ...[shownSpread(kind.floor.rss.map(toKib)), shown(toKib(median(kind.floor.heap)))],
        shown(ratio(kind)),
      ]),
      notes: [
        `Growth of the server's resident memory from no tunnel to all, after a forced garbage collection each time, in a new process each round; ${warmingTunnels} tunnels opened and closed before. Clients are another process.`,
        'Floor: a bare ws server on node:http or node:https with the same certificate.',
      ],
    },
    aims: kinds.map((kind): Aim => {
      const seen = ratio(kind);
      const what = `memory of a ${kind.name} tunnel, share of bare ws`;
      return {
        what,
        wanted: `≤ ${shown(aimedShareOfFloor)}`,
        seen: shown(seen),
        met: seen <= aimedShareOfFloor,
      };
    }),
  };
}

async function makeFleet(cleanup: Cleanup, devices: number): Promise<Fleet> {
  const folder = makeFolder(cleanup, 'memory');
  const identityFile = join(folder, 'identities.json');
  await withCleanup(cleanup, async (own) => {
    const cloud = await startCloud(own, { folder });
    const identities = await registerFleet(cloud, devices);
    writeFileSync(identityFile, JSON.stringify(identities), { mode: 0o600 });
  });
  return { folder, identityFile };
}

async function startOurs(cleanup: Cleanup, { folder }: Fleet): Promise<Server> {
  const { child, operator, plain, secure } = await startCloud(cleanup, { folder, measuresMemory: true });
  return { child, plain, secure, countTunnels: () => operator.countTunnels() };
}

async function startBare(cleanup: Cleanup, { folder }: Fleet): Promise<Server> {
  const { certificate, key } = certificateFiles(folder);
  const args = [certificate, key];
  const floor = await startFloor(cleanup, { program: 'floor-tunnels', args, measuresMemory: true });
  return { ...floor, countTunnels: async () => (await floor.get('/')) as number };
}

async function measure(
  cleanup: Cleanup,
  server: Server,
  fleet: Fleet,
  tunnels: number,
  secure: boolean,
  into: PerTunnel,
): Promise<void> {
  const hold = async (count: number): Promise<Child> => {
    const url = secure ? server.secure : server.plain;
    const ca = secure ? [certificateFiles(fleet.folder).ca] : [];
    const args = ['bench/tunnel-holder.ts', url.href, fleet.identityFile, String(count), ...ca];
    const holder = startChild(cleanup, { name: 'tunnel holder', args });
    await waitForMember(holder, 'tunnels', openMs);
    await waitForCount(server.countTunnels, count, openMs);
    return holder;
  };
  const warming = await hold(warmingTunnels);
  await warming.kill();
  await waitForCount(server.countTunnels, 0, openMs);
  const before = await idleMemory(server.child);
  const holder = await hold(tunnels);
  const after = await idleMemory(server.child);
  await waitForCount(server.countTunnels, tunnels, openMs);
  await holder.kill();
  into.rss.push((after.rss - before.rss) / tunnels);
  into.heap.push((after.heapUsed - before.heapUsed) / tunnels);
}

async function idleMemory(child: Child): Promise<Memory> {
  await sleep(idleMs);
  return collectedMemory(child);
}

function noRounds(): PerTunnel {
  return { rss: [], heap: [] };
}

function toKib(bytes: number): number {
  return bytes / 1024;
}

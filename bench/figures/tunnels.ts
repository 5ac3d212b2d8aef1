import { type Target, targetOf } from '../load/dial.ts';
import { connectFrames, dropTunnels, openTunnels } from '../load/tunnels.ts';
import type { Plan } from '../plan.ts';
import { type Findings, shown, shownSpread } from '../report/section.ts';
import { median } from '../report/statistics.ts';
import { type Child, cpuSeconds } from '../support/child.ts';
import type { Cleanup } from '../support/cleanup.ts';
import { certificateFiles, startCloud } from '../support/cloud.ts';
import { startFloor } from '../support/floor.ts';
import { makeFolder } from '../support/folders.ts';
import { waitForCount } from '../support/operator.ts';
import { registerFleet } from './fleet.ts';

const settleMs = 30_000;

interface Side {
  readonly child: Child;
  readonly target: Target;
  readonly countTunnels: () => Promise<number>;
  readonly rate: number[];
  readonly cpuUs: number[];
}

/** Tunnels a second from an open socket to `connected`, ours and a bare `ws` in turns. */
export async function measureTunnels(cleanup: Cleanup, plan: Plan): Promise<Findings> {
  const { atOnce, devices } = plan.tunnels;
  const folder = makeFolder(cleanup, 'tunnels');
  const cloud = await startCloud(cleanup, { folder });
  const files = certificateFiles(folder);
  const floor = await startFloor(cleanup, { program: 'floor-tunnels', args: [files.certificate, files.key] });
  const frames = connectFrames(await registerFleet(cloud, devices));

  const countOurs = (): Promise<number> => cloud.operator.countTunnels();
  const countFloor = async (): Promise<number> => (await floor.get('/')) as number;
  const ours = side(cloud.child, targetOf(cloud.plain), countOurs);
  const oursTls = side(cloud.child, targetOf(cloud.secure, files.ca), countOurs);
  const bare = side(floor.child, targetOf(floor.plain), countFloor);
  const bareTls = side(floor.child, targetOf(floor.secure, files.ca), countFloor);
  const firstUse = side(cloud.child, ours.target, countOurs);

  // The first time each key authenticates, which is written for good; and the floor's warm-up.
  await connectAll(firstUse, frames, atOnce);
  await connectAll({ ...bare, rate: [], cpuUs: [] }, frames, atOnce);
  for (let round = 0; round < plan.rounds; round += 1) {
    for (const one of [ours, bare, oursTls, bareTls]) await connectAll(one, frames, atOnce);
  }
  const row = (name: string, above: Side, below: Side | undefined): string[] => [
    ...[name, shownSpread(above.rate), shown(median(above.cpuUs))],
    ...(below === undefined
      ? ['n/a', 'n/a', 'n/a']
      : [
          shownSpread(below.rate),
          shown(median(below.cpuUs)),
          shown(median(above.rate) / median(below.rate)),
        ]),
  ];
  return {
    section: {
      title: 'Tunnel connects',
      columns: [`${atOnce} at once`, 'ours /s', 'CPU µs', 'floor /s', 'CPU µs', 'ours/floor'],
      rows: [
        row('plain, known key', ours, bare),
        row('TLS, known key', oursTls, bareTls),
        row('plain, first use of the key', firstUse, undefined),
      ],
      notes: [
        'From a new TCP connection through the upgrade and `connect` to `connected`; TLS with a full handshake each. Tunnels stay open until the round ends.',
        'Ours checks the key, draws a new epoch and writes the presence durably before `connected` (one fsync a batch).',
        'Floor: a bare ws server that parses the first frame and answers one of the same size; it writes nothing.',
      ],
    },
    aims: [],
  };
}

function side(child: Child, target: Target, countTunnels: () => Promise<number>): Side {
  return { child, target, countTunnels, rate: [], cpuUs: [] };
}

async function connectAll(one: Side, frames: readonly Buffer[], atOnce: number): Promise<void> {
  const cpuBefore = cpuSeconds(one.child.pid);
  const { seconds, sockets } = await openTunnels(one.target, frames, atOnce);
  const cpu = cpuSeconds(one.child.pid) - cpuBefore;
  one.rate.push(frames.length / seconds);
  one.cpuUs.push((cpu * 1_000_000) / frames.length);
  const open = await one.countTunnels();
  dropTunnels(sockets);
  if (open !== frames.length)
    throw new Error(`${String(frames.length)} tunnels said connected, ${String(open)} are open`);
  await waitForCount(one.countTunnels, 0, settleMs);
}

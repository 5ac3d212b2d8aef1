import { Checks } from '../checks/checks.ts';
import { CloudNode } from '../cloud/cloud-node.ts';
import { Board } from '../device/board.ts';
import { Network } from '../network/network.ts';
import { checkEnd } from '../checks/end-rules.ts';
import { castStories } from '../stories/cast.ts';
import { deviceIdOf, type Stage, type Story } from '../stories/story.ts';
import { CodeStock } from './code-stock.ts';
import { misfortune, startClock } from './misfortune.ts';
import { Draw } from './draw.ts';
import type { FaultCounts } from './faults.ts';
import { takeOverGlobals } from './globals.ts';
import { Operator } from './operator.ts';
import type { Violation } from './violation.ts';
import { drawWeather } from './weather.ts';
import { World } from './world.ts';

export interface WorldOptions {
  readonly seed: number;
  readonly devices: number;
  readonly print?: ((line: string) => void) | undefined;
}

export interface WorldResult {
  readonly seed: number;
  readonly onboardings: number;
  /** How many of each kind. */
  readonly stories: Readonly<Record<string, number>>;
  readonly violation: Violation | undefined;
  readonly counts: FaultCounts;
  readonly traceHash: string;
  readonly traceLines: number;
  readonly events: number;
  readonly simulatedMs: number;
  /** From the end of the faults until the last device was online. */
  readonly healedMs: number;
}

/**
 * Every device is online so long after the last fault. Most of it is one wait: a registration or a tunnel that was
 * refused for what only a person can change is tried again after five to ten minutes (`slowly`, apps/agent/src/delay.ts);
 * before it a request that is out may take its 30 s and a backoff its 60 s, and after it the same again.
 */
export const healMsMax = 15 * 60_000;

/** How long things go wrong. */
const mildMs = { least: 4_000, most: 10_000 };
const wildMs = { least: 8_000, most: 25_000 };

export async function runWorld({ seed, devices, print }: WorldOptions): Promise<WorldResult> {
  const draw = new Draw(seed);
  const { weather, isMild } = drawWeather(draw);
  const world = new World(seed, draw, weather, print);
  const giveBack = takeOverGlobals(world.time);
  const onRejection = (error: unknown): void => {
    world.violate(
      'no rejection is left unhandled',
      error instanceof Error ? (error.stack ?? error.message) : 'unknown',
    );
  };
  process.on('unhandledRejection', onRejection);
  let cloud: CloudNode | undefined;
  let network: Network | undefined;
  try {
    const checks = new Checks(world, () => cloud ?? fail());
    network = new Network(world, checks);
    cloud = new CloudNode({
      world,
      network,
      opened: (raw) => {
        checks.opened(raw);
      },
      committed: (raw) => {
        checks.committed(raw);
      },
      logged: (line) => {
        checks.cloudLogged(line);
      },
    });
    checks.secrets.add(cloud.bootstrapToken);
    return await play(world, { devices, cloud, network, checks, chaosMs: isMild ? mildMs : wildMs });
  } finally {
    network?.discard();
    cloud?.discard();
    // What has been let go of may still say so to itself.
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    process.off('unhandledRejection', onRejection);
    giveBack();
  }
}

interface Cast {
  readonly devices: number;
  readonly cloud: CloudNode;
  readonly network: Network;
  readonly checks: Checks;
  readonly chaosMs: { readonly least: number; readonly most: number };
}

async function play(world: World, { devices, cloud, network, checks, chaosMs }: Cast): Promise<WorldResult> {
  const boards: Board[] = [];
  const operator = new Operator(world, cloud, (...answer) => {
    checks.operatorAnswered(...answer);
  });
  const codes = new CodeStock(operator, devices);
  const stage: Stage = {
    ...{ world, operator, clones: checks.clones },
    nextCode: () => codes.next(),
    newBoard: () => {
      const board = new Board(boards.length + 1, { world, network, watch: checks });
      boards.push(board);
      checks.boards.add(board);
      startClock(world, board);
      return board;
    },
  };
  // Not awaited: a start that is killed never ends, and another follows.
  void cloud.start();
  const stories = castStories(stage, network, devices);
  const waiting = new Set(stories);
  for (const story of stories) {
    story.play().then(
      () => waiting.delete(story),
      (error: unknown) => {
        world.violate(
          'the simulator works',
          error instanceof Error ? (error.stack ?? error.message) : 'a story failed',
        );
      },
    );
  }
  misfortune(world, cloud, boards);
  const healAtMs = world.draw.between(chaosMs.least, chaosMs.most);
  world.time.after(healAtMs, () => {
    world.heal();
    for (const board of boards) board.clock.setRight();
  });

  const isThere = (board: Board): boolean => board.isOnline && checks.tunnels.isOpen(deviceIdOf(board) ?? '');
  let events = 0;
  let healedMs = 0;
  while (await world.step()) {
    events += 1;
    if (events % registryEvery === 0) await checks.tunnels.compareRegistry();
    if (!world.isHealing || events % 16 !== 0) continue;
    healedMs = world.time.monotonic() - healAtMs;
    if (waiting.size === 0 && checks.tunnels.openCount >= boards.length && boards.every(isThere)) break;
    if (healedMs > healMsMax)
      world.violate(
        'every device comes online',
        whoIsLate(
          waiting,
          boards.filter((board) => !isThere(board)),
        ),
      );
  }
  if (world.violation === undefined) await checkEnd({ world, checks, boards, operator });
  const isFine = world.violation === undefined;
  return {
    seed: world.seed,
    onboardings: isFine ? stories.reduce((sum, { onboardings }) => sum + onboardings, 0) : 0,
    stories: countKinds(stories),
    violation: world.violation,
    counts: world.counts,
    traceHash: world.trace.digest(),
    traceLines: world.trace.lines,
    events,
    simulatedMs: world.time.monotonic(),
    healedMs,
  };
}

/** The gateway's register is compared with what it has said after every so many events. */
const registryEvery = 32;

function whoIsLate(waiting: ReadonlySet<Story>, boards: readonly Board[]): string {
  const kinds = [...waiting].map(({ kind }) => kind);
  const late = boards.map((board) => `${board.name} ${board.state}`);
  const shown = [...kinds, ...late].slice(0, 4).join('; ');
  return `after ${healMsMax / 60_000} minutes without faults: ${shown}`;
}

function countKinds(stories: readonly Story[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { kind } of stories) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

function fail(): never {
  throw new Error('there is no cloud yet');
}

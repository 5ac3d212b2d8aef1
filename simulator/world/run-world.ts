import { Checks } from '../checks/checks.ts';
import { CloudNode } from '../cloud/cloud-node.ts';
import { Board } from '../device/board.ts';
import { Network } from '../network/network.ts';
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

const chaosMs = { least: 20_000, most: 120_000 };

export async function runWorld({ seed, devices, print }: WorldOptions): Promise<WorldResult> {
  const draw = new Draw(seed);
  const world = new World(seed, draw, drawWeather(draw), print);
  const giveBack = takeOverGlobals(world.time);
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
    return await play(world, { devices, cloud, network, checks });
  } finally {
    network?.discard();
    cloud?.discard();
    giveBack();
  }
}

interface Cast {
  readonly devices: number;
  readonly cloud: CloudNode;
  readonly network: Network;
  readonly checks: Checks;
}

async function play(world: World, { devices, cloud, network, checks }: Cast): Promise<WorldResult> {
  const boards = Array.from({ length: devices }, (_, index) => new Board(index + 1, { world, network, watch: checks }));
  for (const board of boards) checks.boards.add(board);
  const operator = new Operator(world, cloud);
  let isSetUp = false;
  const setUp = async (): Promise<void> => {
    // Not awaited: a start that is killed never ends, and another follows.
    void cloud.start();
    const codes = await operator.makeCodes(devices);
    for (const [index, board] of boards.entries()) {
      await board.flash({ EDGEFLOW_PROVISIONING_CODE: codes[index] ?? '' });
      world.time.after(world.draw.between(0, 10_000), () => {
        board.powerOn();
      });
    }
    isSetUp = true;
  };
  const failed = setUp().catch((error: unknown) => {
    world.violate('the simulator works', error instanceof Error ? (error.stack ?? error.message) : 'set-up failed');
  });
  void failed;
  misfortune(world, cloud, boards);
  const healAtMs = world.draw.between(chaosMs.least, chaosMs.most);
  world.time.after(healAtMs, () => {
    world.heal();
    for (const board of boards) board.clock.setRight();
  });

  let events = 0;
  let healedMs = 0;
  while (await world.step()) {
    events += 1;
    if (events % 64 === 0) await checks.tunnels.compareRegistry();
    if (!world.isHealing || events % 16 !== 0) continue;
    healedMs = world.time.monotonic() - healAtMs;
    if (isSetUp && boards.every((board) => board.isOnline)) break;
    if (healedMs > healMsMax) {
      const late = boards.filter((board) => !board.isOnline).map((board) => `${board.name} ${board.state}`);
      world.violate('every device comes online', `after ${healMsMax / 60_000} minutes: ${late.slice(0, 3).join('; ')}`);
    }
  }
  return {
    seed: world.seed,
    onboardings: boards.filter((board) => board.isOnline).length,
    violation: world.violation,
    counts: world.counts,
    traceHash: world.trace.digest(),
    traceLines: world.trace.lines,
    events,
    simulatedMs: world.time.monotonic(),
    healedMs,
  };
}

/** What happens to machines as a whole: kills, power cuts, restarts, clocks, disks that refuse for a while. */
function misfortune(world: World, cloud: CloudNode, boards: readonly Board[]): void {
  const everyMs = 5_000;
  const perMinute = everyMs / 60_000;
  const { weather, draw } = world;
  const befalls = (kind: keyof typeof weather): boolean =>
    !world.isHealing && draw.chance(weather[kind] * perMinute);
  world.time.every(everyMs, () => {
    if (world.isHealing) return;
    const later = (work: () => void): void => {
      world.time.after(draw.between(0, everyMs), () => {
        if (!world.isHealing) work();
      });
    };
    if (befalls('cloud_killed')) {
      later(() => {
        world.count('cloud_killed', 'cloud');
        cloud.kill();
      });
    }
    if (befalls('cloud_restarted')) {
      later(() => {
        world.count('cloud_restarted', 'cloud');
        void cloud.restartGracefully();
      });
    }
    for (const board of boards) befall(world, board, befalls, later);
  });
}

const year2099Ms = Date.parse('2099-06-01T00:00:00Z');
const dayMs = 86_400_000;

function befall(
  world: World,
  board: Board,
  befalls: (kind: keyof World['weather']) => boolean,
  later: (work: () => void) => void,
): void {
  const { draw } = world;
  const { name } = board;
  if (befalls('agent_killed')) {
    later(() => {
      world.count('agent_killed', name);
      board.kill();
    });
  }
  if (befalls('power_cut')) {
    later(() => {
      world.count('power_cut', name);
      board.cutPower();
    });
  }
  if (befalls('clock_jump')) {
    world.count('clock_jump', name);
    board.clock.set(world.time.now() + draw.between(-400, 400) * dayMs);
  }
  if (befalls('clock_1970')) {
    world.count('clock_1970', name);
    board.clock.set(draw.between(0, dayMs));
  }
  if (befalls('clock_2099')) {
    world.count('clock_2099', name);
    board.clock.set(year2099Ms);
  }
  for (const [kind, code] of [['disk_full', 'ENOSPC'], ['disk_read_only', 'EROFS']] as const) {
    if (board.refusal !== undefined || !befalls(kind)) continue;
    board.refusal = code;
    world.time.after(draw.between(500, 30_000), () => {
      board.refusal = undefined;
    });
  }
}

function fail(): never {
  throw new Error('there is no cloud yet');
}

import type { CloudNode } from '../cloud/cloud-node.ts';
import type { Board } from '../device/board.ts';
import type { World } from './world.ts';

/** What happens to machines as a whole: kills, power cuts, restarts, clocks, disks that refuse for a while. */
export function misfortune(world: World, cloud: CloudNode, boards: readonly Board[]): void {
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

/** A board without a clock battery starts in 1970; one whose battery is odd, wherever. */
export function startClock(world: World, board: Board): void {
  const { draw, weather } = world;
  if (draw.chance(weather.clock_1970 * startShare)) {
    world.count('clock_1970', board.name);
    board.clock.set(0);
  } else if (draw.chance(weather.clock_2099 * startShare)) {
    world.count('clock_2099', board.name);
    board.clock.set(year2099Ms);
  }
}

/** Boards that start with a wrong clock, of those that would have one within a minute. */
const startShare = 0.15;
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
  for (const [kind, code] of [
    ['disk_full', 'ENOSPC'],
    ['disk_read_only', 'EROFS'],
  ] as const) {
    if (board.refusal !== undefined || !befalls(kind)) continue;
    board.refusal = code;
    world.time.after(draw.between(500, 30_000), () => {
      board.refusal = undefined;
    });
  }
}

import type { Draw } from './draw.ts';
import type { FaultKind } from './faults.ts';

/** How likely each fault is in one world, at each occasion for it. */
export type Weather = Readonly<Record<FaultKind, number>>;

/** At its worst; each world draws how much of each it has. Per connection, per statement, per operation or per minute. */
const worst: Weather = {
  // Per connection
  request_lost: 0.2,
  reply_lost: 0.25,
  bytes_delayed: 0.1,
  request_duplicated: 0.25,
  cut_mid_frame: 0.25,
  connection_reset: 0.2,
  connection_silent: 0.12,
  close_told_late: 0.4,
  dns_failed: 0.15,
  connection_refused: 0,
  captive_portal: 0.1,
  // Per minute, for each machine; the disks refuse for a while
  agent_killed: 4,
  power_cut: 4,
  cloud_killed: 6,
  cloud_restarted: 5,
  clock_jump: 2,
  disk_full: 2,
  disk_read_only: 2,
  clock_1970: 3,
  clock_2099: 3,
  // Per file operation in the state folder
  agent_killed_at_file: 0.03,
  fsync_failed: 0.06,
  disk_error: 0.02,
  // Per statement or commit
  cloud_killed_at_statement: 0.001,
  cloud_killed_before_commit: 0.02,
  cloud_killed_after_commit: 0.02,
  commit_lost: 0.1,
  commit_unknown: 0.1,
  storage_slow: 0.2,
  storage_full: 0.01,
};

/**
 * Swarm testing (Groce et al., ISSTA 2012): a world with a little of everything hides what one with much of a few
 * things shows. So each kind is absent in some worlds and strong in others. Half of the worlds are mild: what goes wrong
 * in them goes wrong alone.
 */
export function drawWeather(draw: Draw): { readonly weather: Weather; readonly isMild: boolean } {
  const kinds = Object.keys(worst) as FaultKind[];
  const isMild = draw.chance(mildShare);
  const strength = (): number => (draw.chance(0.35) ? 0 : draw.unit() ** 1.5 * (isMild ? mildStrength : 1));
  const weather = Object.fromEntries(
    kinds.map((kind) => [kind, worst[kind] * strength()]),
  ) as unknown as Weather;
  return { weather, isMild };
}

const mildShare = 0.5;
const mildStrength = 0.25;

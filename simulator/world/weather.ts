import type { Draw } from './draw.ts';
import type { FaultKind } from './faults.ts';

/** How likely each fault is in one world, at each occasion for it. */
export type Weather = Readonly<Record<FaultKind, number>>;

/** At its worst; each world draws how much of each it has. Per connection, per statement, per operation or per minute. */
const worst: Weather = {
  // Per connection
  request_lost: 0.12,
  reply_lost: 0.15,
  bytes_delayed: 0.06,
  request_duplicated: 0.15,
  cut_mid_frame: 0.12,
  connection_reset: 0.1,
  connection_silent: 0.06,
  close_told_late: 0.3,
  dns_failed: 0.1,
  connection_refused: 0,
  captive_portal: 0.08,
  // Per minute and process
  agent_killed: 1,
  power_cut: 1,
  cloud_killed: 0.8,
  cloud_restarted: 0.5,
  clock_jump: 0.7,
  // Per file operation in the state folder
  agent_killed_at_file: 0.01,
  fsync_failed: 0.03,
  disk_full: 0.02,
  disk_read_only: 0.02,
  disk_error: 0.01,
  // Per statement or commit
  cloud_killed_at_statement: 0.0004,
  cloud_killed_before_commit: 0.006,
  cloud_killed_after_commit: 0.006,
  commit_lost: 0.03,
  commit_unknown: 0.03,
  storage_slow: 0.2,
  storage_full: 0.003,
  // Per device
  clock_1970: 0.3,
  clock_2099: 0.3,
};

/**
 * Swarm testing (Groce et al., ISSTA 2012): a world with a little of everything hides what one with much of a few
 * things shows. So each kind is absent in some worlds and strong in others.
 */
export function drawWeather(draw: Draw): Weather {
  const kinds = Object.keys(worst) as FaultKind[];
  const strength = (): number => (draw.chance(0.35) ? 0 : draw.unit() ** 2);
  return Object.fromEntries(kinds.map((kind) => [kind, worst[kind] * strength()])) as unknown as Weather;
}

export const fairWeather: Weather = Object.fromEntries(
  Object.keys(worst).map((kind) => [kind, 0]),
) as unknown as Weather;

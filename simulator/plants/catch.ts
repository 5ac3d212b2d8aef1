import { runSimulator } from '../run/child.ts';
import type { Plant } from './plant.ts';

/** Worlds in which a planted bug has to show. */
const worldsMax = 40;
/** Small worlds: what one finds is soon found. */
const devices = 40;

export interface Catch {
  readonly plant: Plant;
  /** The checker; undefined when no world has shown the bug. */
  readonly caughtBy: string | undefined;
  /** Worlds until then, that one included. */
  readonly worlds: number;
  /** Registrations in the worlds before that one. */
  readonly onboardings: number;
}

/** Runs worlds with a bug planted until a checker has caught it. */
export async function catchPlant(plant: Plant): Promise<Catch> {
  const bounds = ['--runs', String(worldsMax), '--devices', String(devices), '--seed', String(plant.seed)];
  const { failure, worlds, onboardings } = await runSimulator(['--plant', plant.name, ...bounds]);
  return { plant, caughtBy: failure?.checker, worlds, onboardings };
}

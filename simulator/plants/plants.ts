import { agentPlants } from './agent-plants.ts';
import { cloudPlants } from './cloud-plants.ts';
import type { Plant } from './plant.ts';

/** Text that is replaced is found in the file exactly once; a test holds that against the code as it is. */
export const plants: readonly Plant[] = [...cloudPlants, ...agentPlants];

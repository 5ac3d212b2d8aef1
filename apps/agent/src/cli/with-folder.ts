import { systemClock, systemFiles, systemRandom } from '@edgeflow/platform';
import { type DeviceFacts, systemFolderLock } from '../identity/index.ts';
import { readInventory, systemHostFacts } from '../inventory/index.ts';
import type { Log } from '../log-port.ts';
import { lockFolder, type StateDeps } from '../state.ts';
import { exitCodes } from './exit-codes.ts';
import { type CommonOptions, requireConfig, type Surroundings } from './surroundings.ts';

/**
 * Does something with the state folder while no agent runs on it.
 *
 * @returns what `work` returned, or the exit status after the obstacle has been told.
 */
export async function withFolder<T>(
  surroundings: Surroundings,
  options: CommonOptions,
  work: (state: StateDeps, device: DeviceFacts) => Promise<T>,
): Promise<T | number> {
  const reading = await requireConfig(surroundings, options);
  if (typeof reading === 'number') return reading;
  const { stateFolder, vaultKeyFile } = reading.config;
  const { root } = options;
  const state: StateDeps = {
    files: systemFiles,
    random: systemRandom,
    clock: systemClock,
    log: noticesFor(surroundings),
    lock: systemFolderLock(systemFiles),
    stateFolder,
    root,
    credentialsFolder: surroundings.environment['CREDENTIALS_DIRECTORY'],
    vaultKeyFile,
  };
  const folder = await lockFolder(state);
  if (folder.kind !== 'ready') {
    surroundings.complain(`${folder.detail} ${folder.nextStep}`);
    return folder.kind === 'busy' ? exitCodes.busy : exitCodes.stateFolder;
  }
  try {
    const host = systemHostFacts();
    const { version: agentVersion } = surroundings;
    const { machineId, board } = await readInventory({
      files: systemFiles,
      root,
      host,
      agentVersion,
      stateFolder,
    });
    return await work(state, { machineId, board });
  } finally {
    folder.release();
  }
}

/** Commands for people have no log: what matters of it is said to them. */
function noticesFor({ complain }: Surroundings): Log {
  const say: Log['warn'] = (_fields, message) => {
    complain(message);
  };
  return { debug: () => undefined, info: () => undefined, warn: say, error: say };
}

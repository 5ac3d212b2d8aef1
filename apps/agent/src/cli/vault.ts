import { replaceGeneratedKey, type VaultReading } from '../identity/index.ts';
import { openVault } from '../state.ts';
import { exitCodes } from './exit-codes.ts';
import type { CommonOptions, Surroundings } from './surroundings.ts';
import { withFolder } from './with-folder.ts';

/** `vault rebind`: on a person's word that this is still the same device, ties what is stored to this machine. */
export function rebindVault(
  surroundings: Surroundings,
  options: CommonOptions & { readonly previousMachineId?: string },
): Promise<number> {
  return withFolder(surroundings, options, async (state, device) => {
    const opening = await openVault(state, device);
    if (opening.kind === 'closed') return tell(surroundings, opening.problem);
    const { identities, claims } = opening.vault;
    const identity = await identities.rebind(options.previousMachineId);
    const claim = await claims.rebind(options.previousMachineId);
    const results = [
      report(surroundings, 'identity', identity),
      report(surroundings, 'pending registration', claim),
    ];
    return results.every(Boolean) ? exitCodes.ok : exitCodes.failure;
  });
}

/** `vault new-key`: on a person's word that the old key is gone for good. */
export function makeNewKey(surroundings: Surroundings, options: CommonOptions): Promise<number> {
  return withFolder(surroundings, options, async (state) => {
    const { files, random, stateFolder } = state;
    const result = await replaceGeneratedKey({ files, random, stateFolder });
    if (result.kind === 'unusable')
      return tell(surroundings, { message: result.detail, nextStep: result.nextStep });
    surroundings.print(
      `There is a new key: ${result.keys.current.path}. Give the device a new provisioning code.\n`,
    );
    return exitCodes.ok;
  });
}

function report(surroundings: Surroundings, what: string, reading: VaultReading<unknown>): boolean {
  switch (reading.kind) {
    case 'absent':
      surroundings.print(`${what}: none is stored.\n`);
      return true;
    case 'opened':
      surroundings.print(`${what}: opened, and tied to this machine.\n`);
      for (const { detail, nextStep } of reading.notices) surroundings.print(`  ${detail} ${nextStep}\n`);
      return true;
    case 'unreadable':
      surroundings.complain(`${what}: ${reading.detail} ${reading.nextStep}`);
      return false;
  }
}

function tell(
  surroundings: Surroundings,
  problem: { readonly message: string; readonly nextStep: string },
): number {
  surroundings.complain(`${problem.message} ${problem.nextStep}`);
  return exitCodes.failure;
}

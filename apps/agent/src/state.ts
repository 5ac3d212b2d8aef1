import type { Clock, Files, Random } from '@edgeflow/platform';
import {
  ClaimStore,
  type DeviceFacts,
  type FolderLock,
  IdentityStore,
  type LocalToken,
  loadLocalToken,
  DiskProblemError,
  makeStateFolder,
  prepareStateFolder,
  resolveVaultKey,
  Vault,
} from './identity/index.ts';
import type { Log } from './log-port.ts';
import type { Problem } from './provisioning/model.ts';
import { tellNotices } from './provisioning/disk.ts';

/** The state folder on the way from a path to an identity that can be read and written. */

export interface StateDeps {
  readonly files: Files;
  readonly random: Random;
  readonly clock: Clock;
  readonly log: Log;
  readonly lock: FolderLock;
  readonly stateFolder: string;
  readonly root: string;
  /** `$CREDENTIALS_DIRECTORY`, systemd.exec(5). */
  readonly credentialsFolder: string | undefined;
  readonly vaultKeyFile: string | undefined;
}

interface FolderRefusal {
  readonly kind: 'unusable' | 'busy';
  readonly detail: string;
  readonly nextStep: string;
}

export type FolderLocking = { readonly kind: 'ready'; release(): void } | FolderRefusal;
export type FolderClaim =
  { readonly kind: 'ready'; readonly token: LocalToken; release(): void } | FolderRefusal;

/** Proves that the folder can be written and takes it for this process alone. Without it nothing may be sent. */
export async function lockFolder(deps: StateDeps): Promise<FolderLocking> {
  const { files, stateFolder, log } = deps;
  const made = await makeStateFolder(files, stateFolder);
  if (made !== undefined) return made;
  // Before the folder is probed: two that start together would take each other's probe away.
  const lock = await deps.lock.acquire(stateFolder);
  if (lock.kind === 'busy') return lock;
  const release = (): void => {
    if (lock.kind === 'held') lock.release();
  };
  const folder = await prepareStateFolder(files, stateFolder);
  if (folder.kind === 'unusable') {
    release();
    return folder;
  }
  tellNotices(log, folder.notices);
  if (lock.kind === 'unavailable') log.warn({ next_step: lock.nextStep }, lock.detail);
  return { kind: 'ready', release };
}

/** {@link lockFolder} for an agent, whose local API has a token there. */
export async function takeFolder(deps: StateDeps): Promise<FolderClaim> {
  const { files, random, stateFolder, log } = deps;
  const folder = await lockFolder(deps);
  if (folder.kind !== 'ready') return folder;
  const release = (): void => {
    folder.release();
  };
  try {
    const { token, notices } = await loadLocalToken({ files, random, stateFolder });
    tellNotices(log, notices);
    return { kind: 'ready', token, release };
  } catch (error) {
    release();
    if (!(error instanceof DiskProblemError)) throw error;
    return { kind: 'unusable', detail: error.detail, nextStep: error.nextStep };
  }
}

export interface OpenVault {
  readonly identities: IdentityStore;
  readonly claims: ClaimStore;
}

export type VaultOpening =
  | { readonly kind: 'open'; readonly vault: OpenVault }
  | { readonly kind: 'closed'; readonly problem: Problem };

/** Finds the vault's key. What is wrong with it may be put right at any time, so this may be tried again. */
export async function openVault(deps: StateDeps, device: DeviceFacts): Promise<VaultOpening> {
  const { files, random, clock, stateFolder, credentialsFolder, root } = deps;
  const result = await resolveVaultKey({
    files,
    random,
    stateFolder,
    credentialsFolder,
    keyFile: deps.vaultKeyFile,
  });
  if (result.kind === 'unusable') {
    const problem = { code: 'vault_unreadable', message: result.detail, nextStep: result.nextStep };
    return { kind: 'closed', problem };
  }
  tellNotices(deps.log, result.keys.notices);
  const vault = new Vault({ files, random, stateFolder, keys: result.keys, device, root });
  const vaults = {
    identities: new IdentityStore(vault, clock),
    claims: new ClaimStore(vault, random, clock),
  };
  return { kind: 'open', vault: vaults };
}

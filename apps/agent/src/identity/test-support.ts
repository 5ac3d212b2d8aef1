import { createHash } from 'node:crypto';
import type { Files } from '@edgeflow/platform';
import { SeededRandom, SimulatedFiles } from '@edgeflow/platform/simulated';
import type { DeviceFacts } from './device-facts.ts';
import type { Identity, NewCredentials } from './identity-document.ts';
import { Vault } from './vault.ts';
import { resolveVaultKey, type VaultKeyDeps, type VaultKeys } from './vault-key.ts';

/** Shared by the tests of this folder. */
export const stateFolder = '/state';
export const identityPath = `${stateFolder}/identity.vault`;
export const claimPath = `${stateFolder}/claim.vault`;
export const machineA: DeviceFacts = { machineId: { value: 'a'.repeat(32), persistent: true } };
export const machineB: DeviceFacts = { machineId: { value: 'b'.repeat(32), persistent: true } };

export const credentials: NewCredentials = {
  cloud: 'https://cloud.example:8443',
  device_id: 'dev_abc123xyz',
  api_key: 'efk_one-secret-key-of-this-device',
  expires_at: '2027-02-21T00:00:00Z',
  source: 'provisioned',
};

export const identity: Identity = { ...credentials, saved_at: '2026-02-21T12:00:00Z' };
export const laterIdentity: Identity = {
  ...identity,
  api_key: 'efk_another-secret-key',
  device_id: 'dev_later',
};

export async function emptyDisk(): Promise<SimulatedFiles> {
  const files = new SimulatedFiles();
  await files.makeFolder(stateFolder);
  return files;
}

export async function keysOn(files: Files, more: Partial<VaultKeyDeps> = {}): Promise<VaultKeys> {
  const result = await resolveVaultKey({ files, random: new SeededRandom(1), stateFolder, ...more });
  if (result.kind !== 'ready') throw new Error(result.detail);
  return result.keys;
}

export interface Opening {
  readonly device?: DeviceFacts;
  readonly keys?: Partial<VaultKeyDeps>;
  readonly seed?: number;
}

/** A vault on this disk as a freshly started agent would open it. */
export async function openVault(files: Files, opening: Opening = {}): Promise<Vault> {
  const { device = machineA, keys = {}, seed = 7 } = opening;
  const random = new SeededRandom(seed);
  return new Vault({ files, random, stateFolder, keys: await keysOn(files, keys), device });
}

/** Every file of the disk's state folder, as a copy tool would take it. */
export async function copyState(from: Files, to: SimulatedFiles): Promise<void> {
  for (const name of await from.list(stateFolder)) {
    await putFile(to, `${stateFolder}/${name}`, await from.read(`${stateFolder}/${name}`));
  }
}

export async function putFile(
  files: SimulatedFiles,
  path: string,
  content: Uint8Array | string,
): Promise<void> {
  const folder = path.slice(0, path.lastIndexOf('/'));
  await files.makeFolder(folder);
  await files.write(path, typeof content === 'string' ? Buffer.from(content) : content, 0o600);
  await files.sync(path);
  await files.syncFolder(folder);
}

/** Makes every disk operation from the `n`th on (counted from 0) fail with `code`; answers how many were asked for. */
export function failFrom(files: SimulatedFiles, n: number, code: string): () => number {
  let operations = 0;
  files.fault = () => {
    operations += 1;
    return operations > n ? code : undefined;
  };
  return () => operations;
}

export function healed(files: SimulatedFiles): void {
  files.fault = () => undefined;
}

/** A vault file's text with its checksum made to fit again, as someone who changes it on purpose would. */
export function withRightCheck(text: string): string {
  const [body = ''] = text.split(',"check":');
  const check = createHash('sha256').update(body, 'latin1').digest('hex').slice(0, 16);
  return `${body},"check":"${check}"}\n`;
}

import { posix } from 'node:path';
import { type Files, fileErrorCode, type Random } from '@edgeflow/platform';
import { DiskProblemError, saveDurably } from './disk-problem.ts';
import {
  isOneByteRepeated,
  keyMaterialBytesMax,
  keyMaterialBytesMin,
  parseKeyMaterial,
} from './key-material.ts';
import type { Notice } from './notice.ts';
import { bitsOfOthers } from './permissions.ts';
import { sealedFileIn } from './sealed-files.ts';
import { moveAside } from './set-aside.ts';
import { deriveRootKey, keyFingerprint } from './vault-crypto.ts';
import { decodeEnvelope } from './vault-envelope.ts';

export type VaultKeySource = 'systemd-credential' | 'key-file' | 'generated';

export interface VaultKey {
  readonly source: VaultKeySource;
  readonly path: string;
  /** Names the key in vault files; safe to show. */
  readonly keyId: string;
  /** 32 bytes. A secret. */
  readonly rootKey: Uint8Array;
}

export interface VaultKeys {
  /** Seals everything that is written. */
  readonly current: VaultKey;
  /**
   * Keys of lower rank that are there as well: a vault sealed before a better source was set up opens with one of
   * them, and is sealed anew under the current key.
   */
  readonly others: readonly VaultKey[];
  readonly notices: readonly Notice[];
}

export type VaultKeyProblemCode =
  'key_file_missing' | 'key_unreadable' | 'key_unusable' | 'key_lost' | 'key_not_saved';

export interface VaultKeyProblem {
  readonly kind: 'unusable';
  readonly code: VaultKeyProblemCode;
  readonly detail: string;
  readonly nextStep: string;
}

export type VaultKeyResult = { readonly kind: 'ready'; readonly keys: VaultKeys } | VaultKeyProblem;

export interface VaultKeyDeps {
  readonly files: Files;
  readonly random: Random;
  readonly stateFolder: string;
  /** `$CREDENTIALS_DIRECTORY`, systemd.exec(5); the credential in it is named `edgeflow-vault-key`. */
  readonly credentialsFolder?: string | undefined;
  /** `EDGEFLOW_VAULT_KEY_FILE`. */
  readonly keyFile?: string | undefined;
}

export const credentialName = 'edgeflow-vault-key';
export const generatedKeyName = 'vault.key';

/**
 * Finds the vault's key: a systemd credential, else the key file, else the generated key, which is made, and durable
 * when this resolves, on the first start.
 *
 * A source that was named and does not work stops the search: falling through to a weaker one would seal the
 * identity under a key that nobody chose. A generated key that is damaged, or missing beside vault files, is reported
 * and not made again; {@link replaceGeneratedKey} does so on an operator's word.
 *
 * Call it under the state folder's lock: two first starts at once would make two keys.
 */
export async function resolveVaultKey(deps: VaultKeyDeps): Promise<VaultKeyResult> {
  const found: VaultKey[] = [];
  const notices: Notice[] = [];
  let generated: ReadKey | undefined;
  for (const source of sourcesOf(deps)) {
    const reading = await readKey(deps.files, source);
    if (reading.kind === 'absent') continue;
    if (reading.kind === 'ready') {
      found.push(reading.key);
      if (source.source === 'generated') generated = reading;
      notices.push(...reading.notices);
    } else if (found.length === 0) {
      return reading;
    } else {
      notices.push({ code: 'other_key_unusable', detail: reading.detail, nextStep: reading.nextStep });
    }
  }
  const [current, ...others] = found;
  if (current !== undefined) {
    const problem = generated?.key === current ? await saveAgain(deps, generated) : undefined;
    return problem ?? { kind: 'ready', keys: { current, others, notices } };
  }
  return (await lostKeyProblem(deps)) ?? generateKey(deps);
}

/**
 * On an operator's word alone: sets the generated key aside, if there is one, and makes another. Vault files sealed
 * with the old one are not touched; they read as `other_key` from then on and open again when it is put back.
 */
export async function replaceGeneratedKey(deps: VaultKeyDeps): Promise<VaultKeyResult> {
  const path = posix.join(deps.stateFolder, generatedKeyName);
  try {
    if ((await deps.files.stat(path)) !== undefined) await moveAside(deps.files, path);
  } catch (error) {
    return notSaved(error);
  }
  return generateKey(deps);
}

interface Source {
  readonly source: VaultKeySource;
  readonly path: string;
  readonly isNamed: boolean;
}

function sourcesOf(deps: VaultKeyDeps): Source[] {
  const sources: Source[] = [];
  const { credentialsFolder, keyFile, stateFolder } = deps;
  if (credentialsFolder !== undefined && credentialsFolder !== '') {
    const path = posix.join(credentialsFolder, credentialName);
    sources.push({ source: 'systemd-credential', path, isNamed: false });
  }
  if (keyFile !== undefined && keyFile !== '') {
    sources.push({ source: 'key-file', path: keyFile, isNamed: true });
  }
  const path = posix.join(stateFolder, generatedKeyName);
  sources.push({ source: 'generated', path, isNamed: false });
  return sources;
}

type KeyReading = { readonly kind: 'absent' } | ReadKey | VaultKeyProblem;

interface ReadKey {
  readonly kind: 'ready';
  readonly key: VaultKey;
  readonly material: Uint8Array;
  readonly notices: readonly Notice[];
}

async function readKey(files: Files, source: Source): Promise<KeyReading> {
  let content: Uint8Array;
  try {
    content = await files.read(source.path, keyMaterialBytesMax);
  } catch (error) {
    return readingProblem(source, error);
  }
  if (source.source === 'generated') {
    if (content.length !== keyMaterialBytesMin || isOneByteRepeated(content)) {
      return unusable(
        source,
        `is damaged: ${String(content.length)} bytes, and not the 32 random ones it held`,
      );
    }
    return ready(files, source, content, []);
  }
  const material = parseKeyMaterial(content);
  if (material.kind === 'unusable') return unusable(source, material.detail);
  const typed: Notice = {
    code: 'key_looks_typed',
    detail: `The vault key in ${source.path} looks typed by a person, so it may be easy to guess.`,
    nextStep: `Make a random one (head -c 32 /dev/urandom | base64) and provision the device again with it.`,
  };
  return ready(files, source, material.bytes, material.looksTyped ? [typed] : []);
}

async function ready(
  files: Files,
  source: Source,
  material: Uint8Array,
  notices: readonly Notice[],
): Promise<KeyReading> {
  const rootKey = deriveRootKey(material);
  const key: VaultKey = {
    source: source.source,
    path: source.path,
    keyId: keyFingerprint(rootKey),
    rootKey,
  };
  // systemd gives the service's user access by an ACL, whose mask shows as group bits: no news about a credential.
  const isOpen = source.source !== 'systemd-credential' && (await bitsOfOthers(files, source.path)) !== 0;
  const open: Notice = {
    code: 'key_open_to_others',
    detail: `Other users of this machine may use the vault key ${source.path}.`,
    nextStep: `Close it: chmod 600 ${source.path}`,
  };
  return { kind: 'ready', key, material, notices: isOpen ? [...notices, open] : notices };
}

function readingProblem(source: Source, error: unknown): KeyReading {
  const errno = fileErrorCode(error);
  if (errno === undefined) throw error;
  if (errno === 'EFBIG') return unusable(source, `is larger than ${String(keyMaterialBytesMax)} bytes`);
  if (errno !== 'ENOENT' && errno !== 'ENOTDIR') {
    return {
      kind: 'unusable',
      code: 'key_unreadable',
      detail: `The vault key ${source.path} cannot be read (${errno}).`,
      nextStep: `Let the user the agent runs as, and nobody else, read it (chown, chmod 600), then restart the agent.`,
    };
  }
  if (!source.isNamed) return { kind: 'absent' };
  return {
    kind: 'unusable',
    code: 'key_file_missing',
    detail: `EDGEFLOW_VAULT_KEY_FILE names ${source.path}, and there is no such file.`,
    nextStep: 'Put the key file there, or remove the setting if the vault was never sealed with it.',
  };
}

function unusable(source: Source, what: string): VaultKeyProblem {
  const isGenerated = source.source === 'generated';
  return {
    kind: 'unusable',
    code: 'key_unusable',
    detail: `The vault key ${source.path} ${what}.`,
    nextStep: isGenerated
      ? 'Restore it from a backup. Without one the stored identity cannot be opened again: ' +
        'make a new key with `edgeflow-agent vault new-key` and provision the device with a new code.'
      : 'Put the right key back: 32 random bytes or more, raw, hexadecimal or base64.',
  };
}

/**
 * A generated key that seals nothing yet may be one whose writing failed at its last step: it is there, and a power cut
 * would take it and leave what has been sealed with it meanwhile. So it is written again before anything is.
 */
async function saveAgain(
  { files, stateFolder }: VaultKeyDeps,
  { key, material }: ReadKey,
): Promise<VaultKeyProblem | undefined> {
  try {
    if ((await sealedFileIn(files, stateFolder)) !== undefined) return undefined;
    await saveDurably(files, key.path, material);
    return undefined;
  } catch (error) {
    return notSaved(error);
  }
}

/** A missing key beside vault files is either lost or somewhere else: making another would hide which. */
async function lostKeyProblem(deps: VaultKeyDeps): Promise<VaultKeyProblem | undefined> {
  let vaultName: string | undefined;
  try {
    vaultName = await sealedFileIn(deps.files, deps.stateFolder);
  } catch (error) {
    return notSaved(error);
  }
  if (vaultName === undefined) return undefined;
  const path = posix.join(deps.stateFolder, vaultName);
  const reading = await deps.files.read(path).then(decodeEnvelope, () => undefined);
  const sealedWith = reading?.kind === 'envelope' ? reading.envelope.header.key_source : 'generated';
  return {
    kind: 'unusable',
    code: 'key_lost',
    detail: `${path} is there, but the key that sealed it (${sealedWith}) is not.`,
    nextStep: `${whereKeyWas(sealedWith, deps.stateFolder)} If it is gone for good, make a new key with \`edgeflow-agent vault new-key\` and provision the device with a new code.`,
  };
}

/** Where to look for a key that is not here. */
export function whereKeyWas(source: VaultKeySource, stateFolder: string): string {
  if (source === 'systemd-credential') {
    return `Start the agent through its systemd unit, with LoadCredential=${credentialName}:….`;
  }
  if (source === 'key-file') return 'Point EDGEFLOW_VAULT_KEY_FILE at the key file it was sealed with.';
  return `Restore ${posix.join(stateFolder, generatedKeyName)} from a backup.`;
}

async function generateKey(deps: VaultKeyDeps): Promise<VaultKeyResult> {
  const material = deps.random.bytes(keyMaterialBytesMin);
  const path = posix.join(deps.stateFolder, generatedKeyName);
  try {
    await saveDurably(deps.files, path, material);
  } catch (error) {
    return notSaved(error);
  }
  const rootKey = deriveRootKey(material);
  const current: VaultKey = { source: 'generated', path, keyId: keyFingerprint(rootKey), rootKey };
  return { kind: 'ready', keys: { current, others: [], notices: [] } };
}

function notSaved(error: unknown): VaultKeyProblem {
  if (!(error instanceof DiskProblemError)) throw error;
  return { kind: 'unusable', code: 'key_not_saved', detail: error.detail, nextStep: error.nextStep };
}

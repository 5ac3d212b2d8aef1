import { posix } from 'node:path';
import { type Files, fileErrorCode, Mutex, type Random, removeDurably } from '@edgeflow/platform';
import { bindingMachineId, type DeviceFacts, formerMachineIds } from './device-facts.ts';
import { DiskProblemError, describeDiskProblem, saveDurably, syncFolderOf } from './disk-problem.ts';
import type { Notice, NoticeCode } from './notice.ts';
import { keepCopyAside, moveAside, pruneKeptAside } from './set-aside.ts';
import { contentKey, machineFingerprint, nonceBytes, saltBytes, sealBytes } from './vault-crypto.ts';
import { decodeEnvelope, encodeEnvelope, encodeHeader } from './vault-envelope.ts';
import type { VaultKeys } from './vault-key.ts';
import { mixedMachineId, openDocument, type Opened, type VaultDocument } from './vault-opening.ts';
import {
  type DocumentName,
  nextStepWithoutBackup,
  unreadableDisk,
  type VaultReading,
  type VaultUnreadable,
} from './vault-reading.ts';

/** Far above any document of ours; a larger file is not one. */
const vaultBytesMax = 256 * 1024;
const vaultSuffix = '.vault';

export interface VaultDeps {
  readonly files: Files;
  readonly random: Random;
  readonly stateFolder: string;
  readonly keys: VaultKeys;
  readonly device: DeviceFacts;
  /** The folder that holds `etc` and `var`, where former machine ids are looked for; default `/`. */
  readonly root?: string | undefined;
}

/**
 * Small documents, each sealed into a file of its own: AES-256-GCM, a fresh salt and nonce each write, tied to the
 * document's name, the format, the key and the machine.
 *
 * Invariants: after a crash at any instant a document's file holds its old content or its new; no file content makes
 * a call throw; a file that cannot be opened is kept aside, durably, before anything takes its place, and one that
 * cannot even be read (permission, failing disk) is not replaced at all; calls run one at a time.
 *
 * What a file shows may not be durable yet: an agent that was killed between rename and fsync leaves it so, and a
 * later power cut would bring the old content back. Therefore a reading settles what it found, once.
 */
export class Vault {
  readonly #deps: VaultDeps;
  readonly #machineId: string | undefined;
  readonly #mutex = new Mutex();
  /** Documents whose present content is known to be durable. */
  readonly #settled = new Set<DocumentName>();

  constructor(deps: VaultDeps) {
    this.#deps = deps;
    this.#machineId = bindingMachineId(deps.device);
  }

  pathOf(name: DocumentName): string {
    return posix.join(this.#deps.stateFolder, `${name}${vaultSuffix}`);
  }

  /**
   * The names after `prefix` of the documents that there are, openable or not, in alphabetical order.
   *
   * @throws DiskProblemError.
   */
  async namesAfter(prefix: string): Promise<readonly string[]> {
    const { files, stateFolder } = this.#deps;
    try {
      const names = await files.list(stateFolder);
      const found = names.filter((name) => name.startsWith(prefix) && name.endsWith(vaultSuffix));
      return found.map((name) => name.slice(prefix.length, -vaultSuffix.length)).sort();
    } catch (error) {
      throw new DiskProblemError(describeDiskProblem(error, `${stateFolder} cannot be listed`), error);
    }
  }

  /**
   * Opens a document. One that opens although its key or machine id is no longer the present one (see `openDocument`)
   * is sealed again under the present ones, since whatever opened it may be gone tomorrow.
   */
  read<T>(document: VaultDocument<T>): Promise<VaultReading<T>> {
    return this.#mutex.run(() => this.#readAndRefresh(document, undefined));
  }

  /**
   * On an operator's word that this is still the same device: opens a document tied to another machine id and ties it
   * to the present one. Tried are `previousMachineId`, then what this disk remembers. Answers as {@link read} does.
   */
  rebind<T>(document: VaultDocument<T>, previousMachineId?: string): Promise<VaultReading<T>> {
    return this.#mutex.run(() => this.#readAndRefresh(document, { previousMachineId }));
  }

  /**
   * Makes sure that a document that was read is durable, where {@link read} could not.
   *
   * @throws DiskProblemError.
   */
  settle<T>(document: VaultDocument<T>): Promise<void> {
    return this.#mutex.run(() => this.#settle(document.name));
  }

  /**
   * Replaces a document. Resolved means durable.
   *
   * @returns notices about a file that could not be opened and was kept aside.
   * @throws DiskProblemError; the file then holds the old document, or the new one but not durably.
   */
  write<T>(document: VaultDocument<T>, value: T): Promise<readonly Notice[]> {
    return this.#mutex.run(async () => {
      const path = this.pathOf(document.name);
      const sealed = this.#seal(document, value);
      const kept = await this.#keepIfUnreadable(document);
      await this.#save(document.name, sealed);
      if (kept === undefined) return [];
      await pruneKeptAside(this.#deps.files, path, kept.path, isBeyondAnyKey);
      return [kept.notice];
    });
  }

  /**
   * Removes a document durably; one that cannot be opened is kept aside instead.
   *
   * @throws DiskProblemError.
   */
  remove<T>(document: VaultDocument<T>): Promise<void> {
    return this.#mutex.run(async () => {
      await this.#keepIfUnreadable(document);
      const path = this.pathOf(document.name);
      try {
        await removeDurably(this.#deps.files, path);
      } catch (error) {
        throw new DiskProblemError(describeDiskProblem(error, `${path} cannot be removed`), error);
      }
    });
  }

  async #readAndRefresh<T>(
    document: VaultDocument<T>,
    rebinding: { readonly previousMachineId: string | undefined } | undefined,
  ): Promise<VaultReading<T>> {
    const content = await this.#readBytes(document.name);
    if (!(content instanceof Uint8Array)) return content;
    const opened = await this.#open(document, content, rebinding);
    if (opened.kind === 'unreadable') return opened;
    // Where the disk refuses either, the document has been opened all the same.
    const failure = opened.isStale
      ? await noticeOf('reseal_failed', () => this.#save(document.name, this.#seal(document, opened.value)))
      : await noticeOf('not_durable', () => this.#settle(document.name));
    return { kind: 'opened', value: opened.value, notices: [...opened.notices, ...failure] };
  }

  async #save(name: DocumentName, sealed: Uint8Array): Promise<void> {
    this.#settled.delete(name);
    await saveDurably(this.#deps.files, this.pathOf(name), sealed);
    this.#settled.add(name);
  }

  /** The content was synced before it got its name; only the name may be missing. */
  async #settle(name: DocumentName): Promise<void> {
    if (this.#settled.has(name)) return;
    await syncFolderOf(this.#deps.files, this.pathOf(name));
    this.#settled.add(name);
  }

  async #readBytes(name: DocumentName): Promise<Uint8Array | { kind: 'absent' } | VaultUnreadable> {
    const path = this.pathOf(name);
    try {
      return await this.#deps.files.read(path, vaultBytesMax);
    } catch (error) {
      const errno = fileErrorCode(error);
      if (errno === 'ENOENT') return { kind: 'absent' };
      if (errno === 'EFBIG' || errno === 'EISDIR') {
        const what = errno === 'EISDIR' ? 'a folder' : `larger than ${String(vaultBytesMax)} bytes`;
        return {
          kind: 'unreadable',
          reason: 'not_a_vault',
          detail: `${path} cannot be opened. It is ${what}.`,
          nextStep: nextStepWithoutBackup(name, path),
        };
      }
      return unreadableDisk(describeDiskProblem(error, `${path} cannot be read`));
    }
  }

  #open<T>(
    document: VaultDocument<T>,
    bytes: Uint8Array,
    rebinding: { readonly previousMachineId: string | undefined } | undefined,
  ): Promise<Opened<T> | VaultUnreadable> {
    const { files, stateFolder, keys, device, root = '/' } = this.#deps;
    const given = rebinding?.previousMachineId;
    return openDocument(document, bytes, {
      path: this.pathOf(document.name),
      stateFolder,
      keys,
      machineId: this.#machineId,
      board: device.board,
      formerMachineIds: () => formerMachineIds(files, root, device, given),
      isRebinding: rebinding !== undefined,
    });
  }

  /** Makes room for a document's successor without losing what cannot be opened. */
  async #keepIfUnreadable<T>(
    document: VaultDocument<T>,
  ): Promise<{ readonly path: string; readonly notice: Notice } | undefined> {
    const { files } = this.#deps;
    const path = this.pathOf(document.name);
    const content = await this.#readBytes(document.name);
    const isRead = content instanceof Uint8Array;
    const reading = isRead ? await this.#open(document, content, undefined) : content;
    if (reading.kind !== 'unreadable') return undefined;
    if (reading.reason === 'permission' || reading.reason === 'io') {
      const { detail, nextStep } = reading;
      throw new DiskProblemError({ code: reading.reason, detail, nextStep }, undefined);
    }
    const keptPath = isRead ? await keepCopyAside(files, path, content) : await moveAside(files, path);
    const detail = `${reading.detail} It is kept as ${keptPath}.`;
    return { path: keptPath, notice: { code: 'kept_aside', detail, nextStep: reading.nextStep } };
  }

  #seal<T>(document: VaultDocument<T>, value: T): Uint8Array {
    const { random, keys } = this.#deps;
    const plaintext = Buffer.from(JSON.stringify(document.schema.parse(value)), 'utf8');
    const { rootKey, keyId, source } = keys.current;
    const salt = random.bytes(saltBytes);
    const machine = this.#machineId;
    const header = encodeHeader(
      {
        document: document.name,
        key_source: source,
        key_id: keyId,
        machine_binding: machine === undefined ? null : machineFingerprint(rootKey, machine),
      },
      salt,
    );
    const key = contentKey(rootKey, salt, document.name, mixedMachineId(source, machine));
    return encodeEnvelope(header, sealBytes(key, random.bytes(nonceBytes), header, plaintext));
  }
}

async function noticeOf(code: NoticeCode, save: () => Promise<void>): Promise<Notice[]> {
  try {
    await save();
    return [];
  } catch (error) {
    if (!(error instanceof DiskProblemError)) throw error;
    return [{ code, detail: error.detail, nextStep: error.nextStep }];
  }
}

/** True for what not even the right key opens. */
function isBeyondAnyKey(bytes: Uint8Array): boolean {
  const reading = decodeEnvelope(bytes);
  return reading.kind === 'damaged' && reading.reason !== 'newer_version';
}

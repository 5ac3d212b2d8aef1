import { posix } from 'node:path';
import { type Files, fileErrorCode } from '@edgeflow/platform';
import { describeDiskProblem } from './disk-problem.ts';
import type { Notice } from './notice.ts';
import { bitsOfOthers } from './permissions.ts';
import { sealedFileIn } from './sealed-files.ts';

export type StateFolderResult =
  { readonly kind: 'ready'; readonly notices: readonly Notice[] } | StateFolderProblem;

/** The agent must stop before it sends a code: what the cloud answered could not be kept. */
export interface StateFolderProblem {
  readonly kind: 'unusable';
  readonly code: 'read_only' | 'permission' | 'full' | 'missing_parent' | 'not_a_folder' | 'io';
  readonly detail: string;
  readonly nextStep: string;
}

/** More than one identity and one claim with the copies that replace them, so that passing means there is room. */
const probeBytes = 16 * 1024;

/**
 * Makes the state folder (mode 0700, durable) where it is missing, and proves that it can be written by doing all
 * that a save does: write, fsync, rename, fsync of the folder, remove. Permission bits prove nothing: they know of no
 * read-only mount, quota, full disk or sandbox.
 *
 * The parent must exist: a folder made on the way to a mount point that is not mounted would hide the state later.
 */
export async function prepareStateFolder(files: Files, path: string): Promise<StateFolderResult> {
  const problem = await makeStateFolder(files, path);
  if (problem !== undefined) return problem;
  try {
    await probe(files, path);
  } catch (error) {
    return diskProblem(error, `The state folder ${path} cannot be written`);
  }
  return { kind: 'ready', notices: await openToOthers(files, path) };
}

/** The first half of {@link prepareStateFolder}: only makes the folder, so that a lock can be taken in it. */
export async function makeStateFolder(files: Files, path: string): Promise<StateFolderProblem | undefined> {
  try {
    return await makeMissing(files, path);
  } catch (error) {
    return diskProblem(error, `The state folder ${path} cannot be made`);
  }
}

async function makeMissing(files: Files, path: string): Promise<StateFolderProblem | undefined> {
  const parent = posix.dirname(path);
  const facts = await files.stat(path);
  if (facts?.kind === 'folder') {
    await insistOnParent(files, path, parent);
    return undefined;
  }
  if (facts !== undefined) return notAFolder(path);
  const parentFacts = await files.stat(parent);
  if (parentFacts === undefined) return missingParent(path, parent);
  if (parentFacts.kind !== 'folder') return notAFolder(parent);
  await files.makeFolder(path, 0o700);
  // Without this a power cut could take the folder away with everything that was made durable inside it.
  await files.syncFolder(parent);
  return undefined;
}

/** What fsync(2) says when the disk has failed, and not merely that this user or file system has no such thing. */
const syncFailures: ReadonlySet<string | undefined> = new Set(['EIO', 'ENOSPC', 'EDQUOT']);

/**
 * The folder may have been made by a start that was killed, or failed, before it came to make it durable: a power cut
 * would take it with all that is in it. What has been sealed in it before was after a start that had come to that; and
 * of a folder made by others it is not ours to insist on.
 */
async function insistOnParent(files: Files, path: string, parent: string): Promise<void> {
  try {
    await files.syncFolder(parent);
  } catch (error) {
    if (!syncFailures.has(fileErrorCode(error))) return;
    const sealed = await sealedFileIn(files, path).catch(() => undefined);
    if (sealed === undefined) throw error;
  }
}

async function probe(files: Files, path: string): Promise<void> {
  const before = posix.join(path, '.probe');
  const after = posix.join(path, '.probe-renamed');
  try {
    await files.write(before, new Uint8Array(probeBytes).fill(0xa5), 0o600);
    await files.sync(before);
    await files.rename(before, after);
    await files.syncFolder(path);
    await files.remove(after);
  } catch (error) {
    await files.remove(before).catch(() => undefined);
    await files.remove(after).catch(() => undefined);
    throw error;
  }
}

async function openToOthers(files: Files, path: string): Promise<Notice[]> {
  const bits = await bitsOfOthers(files, path);
  if (bits === 0) return [];
  const isWritable = (bits & 0o022) !== 0;
  return [
    {
      code: 'folder_open_to_others',
      detail: isWritable
        ? `Other users of this machine may replace or remove files in the state folder ${path}.`
        : `Other users of this machine may list the state folder ${path}; its files are closed to them.`,
      nextStep: `Close it: chmod 700 ${path} (in a systemd unit: StateDirectoryMode=0700).`,
    },
  ];
}

function notAFolder(path: string): StateFolderProblem {
  return {
    kind: 'unusable',
    code: 'not_a_folder',
    detail: `${path} is not a folder.`,
    nextStep: 'Move it away, or point EDGEFLOW_STATE_DIR at a folder.',
  };
}

function missingParent(path: string, parent: string): StateFolderProblem {
  return {
    kind: 'unusable',
    code: 'missing_parent',
    detail: `The state folder ${path} cannot be made: there is no ${parent}.`,
    nextStep: `Mount or make it (mkdir -p ${parent}), or correct EDGEFLOW_STATE_DIR.`,
  };
}

function diskProblem(error: unknown, what: string): StateFolderProblem {
  const { code, detail, nextStep } = describeDiskProblem(error, what);
  // What was there a moment ago is gone: somebody unmounts or removes it right now.
  return { kind: 'unusable', code: code === 'missing' ? 'io' : code, detail, nextStep };
}

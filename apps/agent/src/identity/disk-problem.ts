import { posix } from 'node:path';
import { type Files, fileErrorCode, writeAtomically } from '@edgeflow/platform';

/** Why the disk refused, in the terms in which a person can help. */
export type DiskProblemCode = 'read_only' | 'permission' | 'full' | 'missing' | 'io';

export interface DiskProblem {
  readonly code: DiskProblemCode;
  readonly detail: string;
  readonly nextStep: string;
}

/** A change that is not durable. The disk holds what was there before or what should be there now, whole. */
export class DiskProblemError extends Error implements DiskProblem {
  readonly code: DiskProblemCode;
  readonly detail: string;
  readonly nextStep: string;

  constructor(problem: DiskProblem, cause: unknown) {
    super(`${problem.detail} ${problem.nextStep}`, { cause });
    this.name = 'DiskProblemError';
    this.code = problem.code;
    this.detail = problem.detail;
    this.nextStep = problem.nextStep;
  }
}

const problemOfCode: Readonly<Record<string, DiskProblemCode>> = {
  EROFS: 'read_only',
  EACCES: 'permission',
  EPERM: 'permission',
  ENOSPC: 'full',
  EDQUOT: 'full',
  ENOENT: 'missing',
  ENOTDIR: 'missing',
};

const nextStepOf: Readonly<Record<DiskProblemCode, string>> = {
  read_only:
    'Mount it for writing, or point EDGEFLOW_STATE_DIR at a folder that is; ' +
    'in a systemd unit, StateDirectory=edgeflow or ReadWritePaths= opens it.',
  permission:
    'Give it to the user the agent runs as (chown), or point EDGEFLOW_STATE_DIR at a folder that user owns.',
  full: 'Free some space (df -h and df -i show what is used) or raise the quota.',
  missing: 'Make the folder again, or point EDGEFLOW_STATE_DIR at one that exists, and restart the agent.',
  io: 'Look for disk errors in the kernel log (dmesg); a worn SD card has to be replaced.',
};

/**
 * What a file-system error means for a person.
 *
 * @param what the thing that could not be done, as the start of a sentence: `/x/y cannot be written`.
 * @throws `error` itself when it does not come from the file system: that is a fault of ours, not of the disk.
 */
export function describeDiskProblem(error: unknown, what: string): DiskProblem {
  const errno = fileErrorCode(error);
  if (errno === undefined) throw error;
  const code = problemOfCode[errno] ?? 'io';
  return { code, detail: `${what} (${errno}).`, nextStep: nextStepOf[code] };
}

/**
 * {@link writeAtomically} with mode 0600 that explains a failure and does not leave half a file behind on a full
 * disk.
 *
 * @throws DiskProblemError; the file then holds its old content, or, after a failed fsync of the folder, the new.
 */
export async function saveDurably(files: Files, path: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeAtomically(files, path, bytes, 0o600);
  } catch (error) {
    await files.remove(`${path}.new`).catch(() => undefined);
    throw new DiskProblemError(describeDiskProblem(error, `${path} cannot be written`), error);
  }
}

/**
 * Makes the name of a file durable that a process which died since may have renamed without the fsync that follows.
 *
 * @throws DiskProblemError.
 */
export async function syncFolderOf(files: Files, path: string): Promise<void> {
  const folder = posix.dirname(path);
  try {
    await files.syncFolder(folder);
  } catch (error) {
    throw new DiskProblemError(describeDiskProblem(error, `${folder} cannot be synced`), error);
  }
}

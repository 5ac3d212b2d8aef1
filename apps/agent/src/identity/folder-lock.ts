import { posix } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { type Files, Mutex } from '@edgeflow/platform';
import { describeDiskProblem } from './disk-problem.ts';

/** Keeps a second agent out of a state folder. */
export interface FolderLock {
  /** Tries once and answers at once. The lock is held until `release`, or until the process is gone. */
  acquire(stateFolder: string): Promise<FolderLockResult>;
}

export type FolderLockResult =
  /** Keep the object: a lock that is garbage-collected is a lock released. */
  | { readonly kind: 'held'; release(): void }
  /** Another process holds it: this one must not go on. */
  | { readonly kind: 'busy'; readonly detail: string; readonly nextStep: string }
  /** This file system or Node cannot lock. A device must not stay offline for that: go on, and say so. */
  | { readonly kind: 'unavailable'; readonly detail: string; readonly nextStep: string };

export const lockFileName = 'agent.lock';

/** Primary result code of SQLite: https://sqlite.org/rescode.html#busy */
const sqliteBusy = 5;

/**
 * An advisory lock of the operating system (fcntl(2); LockFileEx on Windows) on `agent.lock`, taken through SQLite
 * because Node itself offers none.
 *
 * The kernel drops it with the process, however that ended: nothing can be stale after a SIGKILL or a power cut, so
 * there is no pid to compare, no timeout, and no moment in which two starters both take over. It holds between
 * containers that share the folder, which an abstract socket (bound to one network namespace, and free for any local
 * user to occupy) or a pid file (bound to one pid namespace) does not. The file stays empty and is never removed:
 * removing a lock file is what lets two processes hold "the" lock.
 */
export function systemFolderLock(files: Files): FolderLock {
  const turns = new Mutex();
  return {
    acquire: (stateFolder) =>
      turns.run(async () => {
        const path = posix.join(stateFolder, lockFileName);
        try {
          // Made here because SQLite would use the umask's permissions; in place, since a rename would swap the file
          // under another starter's lock; and only where it is missing, since closing any handle on it drops the
          // lock that this process may hold (fcntl(2)).
          if ((await files.stat(path)) === undefined) await files.write(path, new Uint8Array(), 0o600);
        } catch (error) {
          return unavailable(describeDiskProblem(error, `${path} cannot be made`).detail);
        }
        return lockFile(path);
      }),
  };
}

async function lockFile(path: string): Promise<FolderLockResult> {
  let database: DatabaseSync | undefined;
  try {
    // Loaded here and not above: where a Node was built without it, the agent still runs.
    const sqlite = await import('node:sqlite');
    database = new sqlite.DatabaseSync(path);
    // No journal file beside it: nothing is ever written, and a leftover one would have to be recovered first.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    database?.close();
    return isBusy(error) ? busy(path) : unavailable(`${path} cannot be locked here.`);
  }
  const held = database;
  return {
    kind: 'held',
    release: () => {
      if (held.isOpen) held.close();
    },
  };
}

function isBusy(error: unknown): boolean {
  if (!(error instanceof Error) || !('errcode' in error)) return false;
  return typeof error.errcode === 'number' && (error.errcode & 0xff) === sqliteBusy;
}

function busy(path: string): FolderLockResult {
  const folder = posix.dirname(path);
  return {
    kind: 'busy',
    detail: `Another edgeflow-agent is running on the state folder ${folder}.`,
    nextStep: `Stop that one first (systemctl stop edgeflow-agent; \`fuser ${path}\` names its process), or give this one a folder of its own with EDGEFLOW_STATE_DIR.`,
  };
}

function unavailable(detail: string): FolderLockResult {
  return {
    kind: 'unavailable',
    detail,
    nextStep:
      'Make sure by hand that only one agent uses this state folder, or move it to a local file system.',
  };
}

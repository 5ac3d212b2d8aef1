/**
 * The disk, one step at a time, so that a crash can be placed between any two steps.
 *
 * Paths are absolute. Every method rejects with an error that carries Node's `code` (`ENOENT`,
 * `EACCES`, `EROFS`, `ENOSPC`, …); {@link fileErrorCode} reads it.
 */
export interface Files {
  /** The whole content. Files above `bytesMax` (default 1 MiB) reject with code `EFBIG`. */
  read(path: string, bytesMax?: number): Promise<Uint8Array>;
  /** Creates or truncates `path` with exactly these permissions. Not durable until {@link sync}. */
  write(path: string, bytes: Uint8Array, mode: number): Promise<void>;
  /** fsync(2) of a file's content. */
  sync(path: string): Promise<void>;
  /** rename(2): atomic, replaces the target. Durable only after {@link syncFolder}. */
  rename(from: string, to: string): Promise<void>;
  /** fsync(2) of a folder: makes creations, renames and removals in it durable. */
  syncFolder(path: string): Promise<void>;
  /** unlink(2). A missing file is not an error. */
  remove(path: string): Promise<void>;
  /** mkdir -p with these permissions for folders it makes. */
  makeFolder(path: string, mode: number): Promise<void>;
  /** Names in a folder, sorted. */
  list(path: string): Promise<string[]>;
  /** What `path` is, following symbolic links; undefined when there is nothing. */
  stat(path: string): Promise<FileFacts | undefined>;
  /** The target of a symbolic link; rejects with `EINVAL` for anything else. */
  readLink(path: string): Promise<string>;
}

export interface FileFacts {
  readonly kind: 'file' | 'folder' | 'other';
  /** Size in bytes. */
  readonly size: number;
  /** Permission bits, e.g. 0o600. */
  readonly mode: number;
  /** Owner's numeric user id. */
  readonly uid: number;
}

/** The `code` of a file-system error, or undefined for any other value. */
export function fileErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** An error shaped like Node's own file-system errors. */
export class FileError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(`${code}: ${message}`);
    this.name = 'FileError';
    this.code = code;
  }
}

/**
 * Replaces `path` so that after a crash at any instant it holds the old bytes or the new, never a mixture:
 * temporary file beside it, fsync, rename, fsync of the folder. Resolved means durable.
 *
 * The temporary file has one name, `path` + `.new`, so that crashes leave at most one behind: callers for the same
 * path take turns.
 */
export async function writeAtomically(
  files: Files,
  path: string,
  bytes: Uint8Array,
  mode: number,
): Promise<void> {
  const temporary = `${path}.new`;
  await files.write(temporary, bytes, mode);
  await files.sync(temporary);
  await files.rename(temporary, path);
  await files.syncFolder(folderOf(path));
}

/** Removes `path` durably. A missing file is not an error. */
export async function removeDurably(files: Files, path: string): Promise<void> {
  await files.remove(path);
  await files.syncFolder(folderOf(path));
}

function folderOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash <= 0 ? '/' : path.slice(0, slash);
}

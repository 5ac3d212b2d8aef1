import { posix } from 'node:path';
import { type Files, removeDurably } from '@edgeflow/platform';
import { DiskProblemError, describeDiskProblem, saveDurably, syncFolderOf } from './disk-problem.ts';

/**
 * Files that could not be opened are kept beside their successors as `<name>.unreadable-<n>`, because someone may
 * still hold the key, the machine id or the program that opens them.
 *
 * Invariants: a file is durable under its new name before anything replaces it; the same bytes are kept once, however
 * often the replacement fails and is tried again; the one just set aside is never given up for the others.
 */
export const keptAsideMax = 5;

const keptBytesMax = 1024 * 1024;

/**
 * Keeps a copy of the file's bytes aside while the file itself stays in place for an atomic replacement.
 *
 * @returns the path of the copy.
 * @throws DiskProblemError when the copy is not durable; nothing may be replaced then.
 */
export async function keepCopyAside(files: Files, path: string, bytes: Uint8Array): Promise<string> {
  const kept = await listKeptAside(files, path);
  for (const copy of kept) {
    const known = await files.read(copy.path, keptBytesMax).catch(() => undefined);
    if (known === undefined || Buffer.compare(known, bytes) !== 0) continue;
    await syncFolderOf(files, copy.path);
    return copy.path;
  }
  const target = nextPath(path, kept);
  await saveDurably(files, target, bytes);
  return target;
}

/**
 * Moves whatever stands at `path` aside, unread: for what is too large to be a vault, or a folder.
 *
 * @returns where it is now.
 * @throws DiskProblemError.
 */
export async function moveAside(files: Files, path: string): Promise<string> {
  const target = nextPath(path, await listKeptAside(files, path));
  try {
    await files.rename(path, target);
  } catch (error) {
    throw new DiskProblemError(describeDiskProblem(error, `${path} cannot be moved aside`), error);
  }
  await syncFolderOf(files, target);
  return target;
}

/**
 * Gives up what exceeds {@link keptAsideMax}, but never `spared`: first what no key can open any more, then the
 * oldest, which by then has had that many successors. A failure is left for the next time.
 */
export async function pruneKeptAside(
  files: Files,
  path: string,
  spared: string,
  isHopeless: (bytes: Uint8Array) => boolean,
): Promise<void> {
  const kept = await listKeptAside(files, path).catch(() => []);
  const surplus = kept.length - keptAsideMax;
  if (surplus <= 0) return;
  const hopeless: KeptAside[] = [];
  const others: KeptAside[] = [];
  for (const copy of kept) {
    if (copy.path === spared) continue;
    const bytes = await files.read(copy.path, keptBytesMax).catch(() => undefined);
    (bytes !== undefined && isHopeless(bytes) ? hopeless : others).push(copy);
  }
  for (const copy of [...hopeless, ...others].slice(0, surplus)) {
    await removeDurably(files, copy.path).catch(() => undefined);
  }
}

interface KeptAside {
  readonly path: string;
  readonly number: number;
}

/** Oldest first. */
async function listKeptAside(files: Files, path: string): Promise<KeptAside[]> {
  const prefix = `${posix.basename(path)}.unreadable-`;
  const kept: KeptAside[] = [];
  for (const name of await listFolder(files, posix.dirname(path))) {
    const digits = name.startsWith(prefix) ? name.slice(prefix.length) : '';
    if (/^[1-9][0-9]{0,8}$/.test(digits)) {
      kept.push({ path: posix.join(posix.dirname(path), name), number: Number(digits) });
    }
  }
  return kept.sort((a, b) => a.number - b.number);
}

async function listFolder(files: Files, folder: string): Promise<string[]> {
  try {
    return await files.list(folder);
  } catch (error) {
    throw new DiskProblemError(describeDiskProblem(error, `${folder} cannot be listed`), error);
  }
}

function nextPath(path: string, kept: readonly KeptAside[]): string {
  return `${path}.unreadable-${String((kept.at(-1)?.number ?? 0) + 1)}`;
}

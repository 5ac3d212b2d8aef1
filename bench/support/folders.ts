import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cleanup } from './cleanup.ts';

/** statfs(2): f_type of file systems that live in memory, where an fsync costs nothing. */
const tmpfsMagic = 0x01021994;
const ramfsMagic = 0x858458f6;

/** A folder on a real disk: a durable write must reach one, or the figures lie. */
export function diskFolder(): string {
  const candidates = [tmpdir(), '/var/tmp', process.cwd()];
  const onDisk = candidates.find((folder) => !isInMemory(folder));
  if (onDisk !== undefined) return onDisk;
  throw new Error(`${candidates.join(', ')} are all in memory: set TMPDIR to a folder on a disk.`);
}

/** An empty folder, removed by `cleanup`. */
export function makeFolder(cleanup: Cleanup, name: string): string {
  const folder = mkdtempSync(join(diskFolder(), `edgeflow-bench-${name}-`));
  cleanup.add(async () => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

function isInMemory(folder: string): boolean {
  try {
    const { type } = statfsSync(folder);
    return type === tmpfsMagic || type === ramfsMagic;
  } catch {
    return true;
  }
}

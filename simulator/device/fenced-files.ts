import { FileError, type Files } from '@edgeflow/platform';
import type { SimulatedFiles } from '@edgeflow/platform/simulated';
import { stateFolder } from '../checks/disk.ts';
import type { Draw } from '../world/draw.ts';
import { endless } from '../world/endless.ts';
import type { SimulatedProcess } from '../world/process.ts';
import type { World } from '../world/world.ts';

export interface FencedFilesDeps {
  readonly world: World;
  readonly draw: Draw;
  readonly process: SimulatedProcess;
  readonly files: SimulatedFiles;
  /** The error that every change meets at present, e.g. `ENOSPC`. */
  readonly refusal: () => 'ENOSPC' | 'EROFS' | undefined;
  /** Something in the state folder may have changed. */
  readonly changed: () => void;
}

/** The disk as one process of a device sees it: it may die before or after any operation, and any may fail. */
export function fencedFiles(deps: FencedFilesDeps): Files {
  const { world, draw, process, files, refusal, changed } = deps;
  const { name } = process;

  const failure = (step: keyof Files): string | undefined => {
    const isChange = step === 'write' || step === 'rename' || step === 'remove' || step === 'makeFolder';
    const code = refusal();
    if (isChange && code !== undefined && (code === 'EROFS' || step !== 'remove')) {
      world.count(code === 'EROFS' ? 'disk_read_only' : 'disk_full', name);
      return code;
    }
    const isSync = step === 'sync' || step === 'syncFolder';
    if (isSync && world.strikes('fsync_failed', name, draw)) return 'EIO';
    return world.strikes('disk_error', name, draw) ? 'EIO' : undefined;
  };

  const inState = async <T>(step: keyof Files, path: string, work: () => Promise<T>): Promise<T> => {
    if (!process.isAlive) return endless();
    if (world.strikes('agent_killed_at_file', name, draw)) {
      const isBefore = draw.chance(0.5);
      if (!isBefore) await work().catch(() => undefined);
      process.kill();
      changed();
      return endless();
    }
    const code = failure(step);
    world.trace.note(
      name,
      `${step} ${path.slice(stateFolder.length)}${code === undefined ? '' : ` ${code}`}`,
    );
    try {
      if (code === undefined) return await process.hears(work());
      files.fault = () => code;
      // A disk that refuses may still have done a part.
      await work().finally(() => (files.fault = () => undefined));
      throw new FileError(code, `${step} ${path}`);
    } finally {
      if (!isReading(step)) changed();
    }
  };

  const step = <T>(operation: keyof Files, path: string, work: () => Promise<T>): Promise<T> =>
    path.startsWith(stateFolder) || path === '/var/lib'
      ? inState(operation, path, work)
      : // What is only read needs no fence.
        work();

  return {
    read: (path, bytesMax) => step('read', path, () => files.read(path, bytesMax)),
    write: (path, bytes, mode) => step('write', path, () => files.write(path, bytes, mode)),
    sync: (path) => step('sync', path, () => files.sync(path)),
    rename: (from, to) => step('rename', from, () => files.rename(from, to)),
    syncFolder: (path) => step('syncFolder', path, () => files.syncFolder(path)),
    remove: (path) => step('remove', path, () => files.remove(path)),
    makeFolder: (path) => step('makeFolder', path, () => files.makeFolder(path)),
    list: (path) => step('list', path, () => files.list(path)),
    stat: (path) => step('stat', path, () => files.stat(path)),
    readLink: (path) => step('readLink', path, () => files.readLink(path)),
  };
}

function isReading(step: keyof Files): boolean {
  return step === 'read' || step === 'stat' || step === 'list' || step === 'readLink';
}

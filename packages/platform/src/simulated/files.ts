import { FileError, type FileFacts, type Files } from '../files.ts';

interface Entry {
  bytes: Uint8Array;
  mode: number;
  /** The content that would survive a power cut; undefined before the first fsync. */
  durableBytes: Uint8Array | undefined;
}

/** A fault to inject: return an error code to make that step fail, undefined to let it pass. */
export type FileFault = (step: keyof Files, path: string) => string | undefined;

/**
 * A disk in memory that knows what has been fsynced. `powerCut()` forgets the rest: content that was not synced
 * is truncated, names that were not made durable by a folder sync vanish or return.
 */
export class SimulatedFiles implements Files {
  #live = new Map<string, Entry>();
  #durable = new Map<string, Entry>();
  readonly #folders = new Set<string>(['/']);
  fault: FileFault = () => undefined;

  async read(path: string, bytesMax = 1024 * 1024): Promise<Uint8Array> {
    const entry = this.#entry('read', path);
    if (entry.bytes.length > bytesMax) throw new FileError('EFBIG', path);
    return entry.bytes.slice();
  }

  async write(path: string, bytes: Uint8Array, mode: number): Promise<void> {
    this.#check('write', path);
    if (!this.#folders.has(folderOf(path))) throw new FileError('ENOENT', folderOf(path));
    const existing = this.#live.get(path);
    if (existing === undefined) {
      this.#live.set(path, { bytes: bytes.slice(), mode, durableBytes: undefined });
    } else {
      existing.bytes = bytes.slice();
      existing.mode = mode;
      // open(2) with O_TRUNC has thrown the old content away: until the next fsync neither old nor new is safe.
      existing.durableBytes = undefined;
    }
  }

  async sync(path: string): Promise<void> {
    const entry = this.#entry('sync', path);
    entry.durableBytes = entry.bytes.slice();
  }

  async rename(from: string, to: string): Promise<void> {
    this.#live.set(to, this.#entry('rename', from));
    this.#live.delete(from);
  }

  async syncFolder(path: string): Promise<void> {
    this.#check('syncFolder', path);
    for (const name of this.#durable.keys()) if (folderOf(name) === path) this.#durable.delete(name);
    for (const [name, entry] of this.#live) if (folderOf(name) === path) this.#durable.set(name, entry);
  }

  async remove(path: string): Promise<void> {
    this.#check('remove', path);
    this.#live.delete(path);
  }

  async makeFolder(path: string): Promise<void> {
    this.#check('makeFolder', path);
    for (let folder = path; folder !== '/'; folder = folderOf(folder)) this.#folders.add(folder);
  }

  async list(path: string): Promise<string[]> {
    this.#check('list', path);
    if (!this.#folders.has(path)) throw new FileError('ENOENT', path);
    const all = [...this.#live.keys(), ...this.#folders];
    const names = all.filter((name) => name !== '/' && folderOf(name) === path);
    return names.map((name) => name.slice(name.lastIndexOf('/') + 1)).sort();
  }

  async stat(path: string): Promise<FileFacts | undefined> {
    this.#check('stat', path);
    if (this.#folders.has(path)) return { kind: 'folder', size: 0, mode: 0o700, uid: 0 };
    const entry = this.#live.get(path);
    if (entry === undefined) return undefined;
    return { kind: 'file', size: entry.bytes.length, mode: entry.mode, uid: 0 };
  }

  async readLink(path: string): Promise<string> {
    throw new FileError('EINVAL', path);
  }

  /**
   * What a power cut leaves behind. Content that was written but never synced is torn in half.
   *
   * @param unsyncedNames whether creations, renames and removals without a folder sync are lost, or kept because the
   * file system happened to write its journal first. Both happen: what must survive a crash has to survive either.
   */
  powerCut(unsyncedNames: 'lost' | 'kept' = 'lost'): void {
    const survivors = unsyncedNames === 'lost' ? this.#durable : this.#live;
    this.#live = new Map();
    for (const [name, entry] of survivors) {
      const torn = entry.bytes.slice(0, Math.floor(entry.bytes.length / 2));
      const bytes = entry.durableBytes ?? torn;
      this.#live.set(name, { bytes, mode: entry.mode, durableBytes: bytes });
    }
    this.#durable = new Map(this.#live);
  }

  #check(step: keyof Files, path: string): void {
    const code = this.fault(step, path);
    if (code !== undefined) throw new FileError(code, `${step} ${path}`);
  }

  #entry(step: keyof Files, path: string): Entry {
    this.#check(step, path);
    const entry = this.#live.get(path);
    if (entry === undefined) throw new FileError('ENOENT', path);
    return entry;
  }
}

function folderOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash <= 0 ? '/' : path.slice(0, slash);
}

import { FileError, type FileFacts, type Files } from '../files.ts';
import { type Random, uniformInt } from '../random.ts';

interface Entry {
  bytes: Uint8Array;
  mode: number;
  /** The content that would survive a power cut; undefined before the first fsync. */
  durableBytes: Uint8Array | undefined;
  /** An fsync of this content has failed. The kernel then drops what was dirty, and a later fsync says nothing. */
  isLost: boolean;
}

/** A fault to inject: return an error code to make that step fail, undefined to let it pass. */
export type FileFault = (step: keyof Files, path: string) => string | undefined;

/** What became of names and bytes that were not synced when the power went. */
export type UnsyncedFate = 'lost' | 'kept' | Random;

export interface SimulatedDiskOptions {
  /** Folders that were made, too, vanish in a power cut unless their parent has been synced. */
  readonly losesFolders?: boolean;
}

/**
 * A disk in memory that knows what has been fsynced. `powerCut()` forgets the rest: content that was not synced
 * is torn, names that were not made durable by a folder sync vanish or return.
 */
export class SimulatedFiles implements Files {
  #live = new Map<string, Entry>();
  #durable = new Map<string, Entry>();
  #folders = new Set<string>(['/']);
  #durableFolders = new Set<string>(['/']);
  readonly #losesFolders: boolean;
  fault: FileFault = () => undefined;

  constructor({ losesFolders = false }: SimulatedDiskOptions = {}) {
    this.#losesFolders = losesFolders;
  }

  async read(path: string, bytesMax = 1024 * 1024): Promise<Uint8Array> {
    const entry = this.#entry('read', path);
    if (entry.bytes.length > bytesMax) throw new FileError('EFBIG', path);
    return entry.bytes.slice();
  }

  async write(path: string, bytes: Uint8Array, mode: number): Promise<void> {
    const code = this.fault('write', path);
    // A disk that is full takes what fits.
    if (code === 'ENOSPC') this.#put(path, bytes.slice(0, Math.floor(bytes.length / 2)), mode);
    if (code !== undefined) throw new FileError(code, `write ${path}`);
    this.#put(path, bytes.slice(), mode);
  }

  async sync(path: string): Promise<void> {
    const entry = this.#live.get(path);
    const code = this.fault('sync', path);
    if (code !== undefined) {
      if (entry !== undefined) entry.isLost = true;
      throw new FileError(code, `sync ${path}`);
    }
    if (entry === undefined) throw new FileError('ENOENT', path);
    if (!entry.isLost) entry.durableBytes = entry.bytes;
  }

  async rename(from: string, to: string): Promise<void> {
    this.#live.set(to, this.#entry('rename', from));
    this.#live.delete(from);
  }

  async syncFolder(path: string): Promise<void> {
    this.#check('syncFolder', path);
    for (const name of this.#durable.keys()) if (folderOf(name) === path) this.#durable.delete(name);
    for (const [name, entry] of this.#live) if (folderOf(name) === path) this.#durable.set(name, entry);
    for (const folder of this.#folders) if (folderOf(folder) === path) this.#durableFolders.add(folder);
  }

  async remove(path: string): Promise<void> {
    this.#check('remove', path);
    this.#live.delete(path);
  }

  async makeFolder(path: string): Promise<void> {
    this.#check('makeFolder', path);
    for (let folder = path; folder !== '/'; folder = folderOf(folder)) {
      this.#folders.add(folder);
      if (!this.#losesFolders) this.#durableFolders.add(folder);
    }
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
   * What a power cut leaves behind. Content that was written but never synced is torn.
   *
   * @param unsynced whether creations, renames and removals without a folder sync are lost, or kept because the file
   * system happened to write its journal first. Both happen: what must survive a crash has to survive either. With a
   * source of randomness each name has a fate of its own, and content is cut anywhere or ends in zeros.
   */
  powerCut(unsynced: UnsyncedFate = 'lost'): void {
    const survivors = new Map<string, Entry>();
    for (const name of new Set([...this.#durable.keys(), ...this.#live.keys()])) {
      const entry = this.#survivor(name, unsynced);
      if (entry === undefined || !this.#folderSurvives(folderOf(name), unsynced)) continue;
      const bytes = entry.durableBytes ?? torn(entry.bytes, unsynced);
      survivors.set(name, { bytes, mode: entry.mode, durableBytes: bytes, isLost: false });
    }
    this.#live = survivors;
    this.#durable = new Map(survivors);
    if (unsynced === 'lost') this.#folders = new Set(this.#durableFolders);
    else this.#durableFolders = new Set(this.#folders);
  }

  /** What a power cut now would leave under a name, without cutting anything. */
  surviving(path: string, unsyncedNames: 'lost' | 'kept'): Uint8Array | undefined {
    const entry = this.#survivor(path, unsyncedNames);
    if (entry === undefined || !this.#folderSurvives(folderOf(path), unsyncedNames)) return undefined;
    return entry.durableBytes ?? torn(entry.bytes, unsyncedNames);
  }

  /** What is on this disk now, as an image of it would be: on another disk, all of it durable. */
  copy(): SimulatedFiles {
    const image = new SimulatedFiles({ losesFolders: this.#losesFolders });
    for (const [name, { bytes, mode }] of this.#live) {
      image.#live.set(name, { bytes, mode, durableBytes: bytes, isLost: false });
    }
    image.#durable = new Map(image.#live);
    image.#folders = new Set(this.#folders);
    image.#durableFolders = new Set(this.#folders);
    return image;
  }

  #put(path: string, bytes: Uint8Array, mode: number): void {
    if (!this.#folders.has(folderOf(path))) throw new FileError('ENOENT', folderOf(path));
    const existing = this.#live.get(path);
    if (existing === undefined) {
      this.#live.set(path, { bytes, mode, durableBytes: undefined, isLost: false });
    } else {
      // open(2) with O_TRUNC has thrown the old content away: until the next fsync neither old nor new is safe.
      Object.assign(existing, { bytes, mode, durableBytes: undefined, isLost: false });
    }
  }

  #survivor(name: string, unsynced: UnsyncedFate): Entry | undefined {
    const live = this.#live.get(name);
    const durable = this.#durable.get(name);
    if (live === durable) return live;
    const isKept = unsynced === 'kept' || (unsynced !== 'lost' && uniformInt(unsynced, 2) === 1);
    return isKept ? live : durable;
  }

  #folderSurvives(path: string, unsynced: UnsyncedFate): boolean {
    return (unsynced === 'lost' ? this.#durableFolders : this.#folders).has(path);
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

/** Half of it; with a source of randomness any part of it, or all of its length with zeros at the end. */
function torn(bytes: Uint8Array, unsynced: UnsyncedFate): Uint8Array {
  if (unsynced === 'lost' || unsynced === 'kept') return bytes.slice(0, Math.floor(bytes.length / 2));
  const length = uniformInt(unsynced, bytes.length + 1);
  if (uniformInt(unsynced, 2) === 0) return bytes.slice(0, length);
  const zeroed = bytes.slice();
  zeroed.fill(0, length);
  return zeroed;
}

function folderOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash <= 0 ? '/' : path.slice(0, slash);
}

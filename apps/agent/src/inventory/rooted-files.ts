import { type Files, fileErrorCode } from '@edgeflow/platform';
import type { Notes } from './notes.ts';
import { cleanTextOrNothing, decodeText } from './text.ts';

/** Largest source read, in bytes: /proc/cpuinfo of a machine with hundreds of processors fits. */
const sourceBytesMax = 1024 * 1024;

/** Most names taken from one folder. */
const namesMax = 1024;

/** What is at a path, without following a final symbolic link. `unknown`: it could not be found out. */
export type LinkKind = 'link' | 'plain' | 'missing' | 'unknown';

/**
 * The files of one machine, below a root folder: `/` in production, a tree of fixtures in tests.
 *
 * No method rejects. What is not there is undefined; what is there and cannot be read (root-only DMI files,
 * a failing card) is undefined as well, and noted with its error code.
 */
export class RootedFiles {
  readonly #files: Files;
  readonly #prefix: string;
  readonly #notes: Notes;

  constructor(files: Files, root: string, notes: Notes) {
    this.#files = files;
    this.#prefix = root.replace(/\/+$/, '');
    this.#notes = notes;
  }

  /** The whole content as it is, for a parser. */
  async text(path: string): Promise<string | undefined> {
    const bytes = await this.#attempt(path, (place) => this.#files.read(place, sourceBytesMax));
    return bytes === undefined ? undefined : decodeText(bytes);
  }

  /** The content as one clean line; undefined when nothing is left of it. */
  async line(path: string): Promise<string | undefined> {
    return cleanTextOrNothing(await this.text(path));
  }

  async exists(path: string): Promise<boolean> {
    return (await this.#attempt(path, (place) => this.#files.stat(place))) !== undefined;
  }

  /** Names in a folder, sorted; none when there is no such folder. */
  async list(path: string): Promise<readonly string[]> {
    const names = await this.#attempt(path, (place) => this.#files.list(place));
    return names === undefined ? [] : names.slice(0, namesMax);
  }

  async linkKind(path: string): Promise<LinkKind> {
    try {
      await this.#files.readLink(this.#prefix + path);
      return 'link';
    } catch (error) {
      const code = fileErrorCode(error);
      if (code === 'EINVAL') return 'plain';
      return isAbsence(code) ? 'missing' : 'unknown';
    }
  }

  async #attempt<T>(path: string, step: (place: string) => Promise<T>): Promise<T | undefined> {
    try {
      return await step(this.#prefix + path);
    } catch (error) {
      const code = fileErrorCode(error);
      if (!isAbsence(code)) this.#notes.add(`cannot read ${path}: ${describe(code)}`);
      return undefined;
    }
  }
}

function isAbsence(code: string | undefined): boolean {
  return code === 'ENOENT' || code === 'ENOTDIR';
}

function describe(code: string | undefined): string {
  if (code === 'EACCES' || code === 'EPERM') return 'permission denied';
  return code ?? 'unknown error';
}

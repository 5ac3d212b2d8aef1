import {
  chmodSync,
  closeSync,
  existsSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** An embedded database tells of every device, person and address: its files are for the cloud's own user. */
const fileMode = 0o600;
const othersBits = 0o077;
/** What every database of SQLite begins with: https://sqlite.org/fileformat.html, 1.3. */
const sqliteBegins = Buffer.from('SQLite format 3\0', 'latin1');

/** The path of an embedded database leads to a folder. */
export class FolderNamedError extends Error {
  constructor() {
    super('it is a folder');
    this.name = 'FolderNamedError';
  }
}

/**
 * Makes a file that is not there yet, empty and private, for SQLite to fill: it would make one by the umask, which
 * most systems set so that everybody may read.
 */
export function makePrivate(path: string): void {
  if (!existsSync(path)) closeSync(openSync(path, 'wx', fileMode));
}

/**
 * Makes the files of an embedded database private before SQLite opens them: the database, which is made where there
 * is none, so that whatever SQLite puts beside it takes its mode; what a kill or an earlier version has left beside
 * it; and the copies that were made before upgrades. A link is followed, as SQLite does. What is neither empty nor a
 * database is somebody else's: it is left as it is, with all that stands beside it.
 *
 * Call it before this process opens the database: to look into a file and close it gives up the locks that the process
 * has on it.
 *
 * @returns those that stay open to others, because they are somebody else's
 * @throws {FolderNamedError} where `path` leads to a folder, which is left as it is
 */
export function keepPrivate(path: string): readonly string[] {
  const file = makeReal(path);
  if (file === undefined) return [];
  if (statSync(file).isDirectory()) throw new FolderNamedError();
  if (!isDatabase(file)) return [];
  const beside = ['-wal', '-shm', '-journal'].map((end) => file + end).filter(isFile);
  return [file, ...beside, ...copiesOf(path, file)].filter((one) => !narrow(one));
}

/**
 * Makes the database where there is none, also where a link leads to nothing yet.
 *
 * @returns where it is, which no link leads to; undefined where there can be none, of which SQLite says why
 */
function makeReal(path: string): string | undefined {
  try {
    if (!existsSync(path)) closeSync(openSync(path, 'a', fileMode));
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

/** Copies lie beside the path that is given, which may be a link, or was one when they were made. */
function copiesOf(path: string, file: string): string[] {
  const places = new Set([join(realpathSync(dirname(path)), basename(path)), file]);
  return [...places].flatMap((place) =>
    namesIn(dirname(place))
      .filter((name) => name.startsWith(`${basename(place)}.before-`))
      .map((name) => join(dirname(place), name))
      .filter(isDatabase),
  );
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // Files can be opened by name in a folder that cannot be listed.
    return [];
  }
}

/** Whether it is a file itself, and no link to one: that may be anybody's. */
function isFile(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** Whether it is a database, or an empty file that becomes one. */
function isDatabase(file: string): boolean {
  if (!isFile(file)) return false;
  try {
    const begin = Buffer.alloc(sqliteBegins.length);
    const descriptor = openSync(file, 'r');
    try {
      const length = readSync(descriptor, begin, 0, begin.length, 0);
      return length === 0 || begin.equals(sqliteBegins);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // SQLite cannot read it either, and says so.
    return false;
  }
}

/** @returns whether nobody but its owner may read or write it */
function narrow(file: string): boolean {
  try {
    const { mode } = statSync(file);
    if ((mode & othersBits) !== 0) chmodSync(file, mode & 0o7777 & ~othersBits);
    return (statSync(file).mode & othersBits) === 0;
  } catch {
    // What SQLite has removed meanwhile is read by nobody.
    return !existsSync(file);
  }
}

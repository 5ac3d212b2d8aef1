import { chmodSync, closeSync, existsSync, openSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** An embedded database tells of every device, person and address: its files are for the cloud's own user. */
const fileMode = 0o600;
const othersBits = 0o077;

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
 * it; and the copies that were made before upgrades.
 *
 * @returns those that stay open to others, because they are somebody else's
 */
export function keepPrivate(path: string): readonly string[] {
  try {
    makePrivate(path);
    return filesOf(path).filter((file) => !narrow(file));
  } catch {
    // SQLite says better what is wrong with the place.
    return [];
  }
}

function filesOf(path: string): string[] {
  const name = basename(path);
  const own = [name, `${name}-wal`, `${name}-shm`, `${name}-journal`];
  const names = readdirSync(dirname(path)).filter(
    (one) => own.includes(one) || one.startsWith(`${name}.before-`),
  );
  return names.map((one) => join(dirname(path), one));
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

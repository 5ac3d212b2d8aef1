import type { RootedFiles } from './rooted-files.ts';
import { cleanTextOrNothing } from './text.ts';

/** Node's `process.platform` as Go's GOOS, which the devices in the field send. Others are alike in both. */
const goPlatforms: ReadonlyMap<string, string> = new Map([
  ['win32', 'windows'],
  ['sunos', 'solaris'],
]);

/** Node's `process.arch` as Go's GOARCH. Others are alike in both. */
const goArchitectures: ReadonlyMap<string, string> = new Map([
  ['x64', 'amd64'],
  ['ia32', '386'],
  ['mipsel', 'mipsle'],
]);

const displayNames: ReadonlyMap<string, string> = new Map([
  ['linux', 'Linux'],
  ['darwin', 'macOS'],
  ['windows', 'Windows'],
  ['freebsd', 'FreeBSD'],
]);

export function goPlatform(platform: string): string {
  return goPlatforms.get(platform) ?? cleanTextOrNothing(platform) ?? 'unknown';
}

/**
 * The architecture of this program, on purpose not the kernel's: what fits the device is what fits its userland,
 * and a 64-bit kernel below 32-bit programs is a common Raspberry Pi installation.
 */
export function goArchitecture(arch: string, platform: string): string {
  // Node knows one name for both byte orders. Only AIX is big-endian among what it still runs on.
  if (arch === 'ppc64' && platform !== 'aix') return 'ppc64le';
  return goArchitectures.get(arch) ?? cleanTextOrNothing(arch) ?? 'unknown';
}

/** A GOOS name for people. */
export function displayName(os: string): string {
  return displayNames.get(os) ?? os;
}

/** PRETTY_NAME of os-release(5), which names /etc first and /usr/lib second. */
export async function readOsName(files: RootedFiles): Promise<string | undefined> {
  const release = (await files.text('/etc/os-release')) ?? (await files.text('/usr/lib/os-release')) ?? '';
  const assignment = /^PRETTY_NAME=(.*)$/m.exec(release)?.[1];
  return assignment === undefined ? undefined : cleanTextOrNothing(unquoted(assignment.trim()));
}

/** A shell assignment's value: double quotes keep backslash escapes of `"`, `$`, `\` and backtick, single none. */
function unquoted(value: string): string {
  const quote = value[0];
  const isQuoted = value.length >= 2 && value.endsWith(quote ?? '');
  if (quote === "'" && isQuoted) return value.slice(1, -1);
  const inner = quote === '"' && isQuoted ? value.slice(1, -1) : value;
  return inner.replaceAll(/\\(["$\\`])/g, '$1');
}

import type { RootedFiles } from './rooted-files.ts';

/** Memory the kernel manages, in bytes: what is fitted, less what firmware and graphics keep. */
export async function readMemoryBytes(files: RootedFiles): Promise<number | undefined> {
  // proc_meminfo(5): the unit is always kB, and means 1024 bytes.
  const kilobytes = /^MemTotal:[ \t]+(\d{1,12}) kB$/m.exec((await files.text('/proc/meminfo')) ?? '')?.[1];
  const bytes = Number(kilobytes ?? 0) * 1024;
  return bytes > 0 ? bytes : undefined;
}

/** Megabytes of the wire contract: 1 MB is 1024 kB is 1,048,576 bytes, rounded to the nearest, at least 1. */
export function megabytes(bytes: number): number {
  return Math.max(1, Math.round(bytes / (1024 * 1024)));
}

import type { Files } from '@edgeflow/platform';

/** What group and others may do with a file: its permission bits without the owner's; 0 where nobody can tell. */
export async function bitsOfOthers(files: Files, path: string): Promise<number> {
  const facts = await files.stat(path).catch(() => undefined);
  return (facts?.mode ?? 0) & 0o077;
}

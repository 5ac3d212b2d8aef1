import { posix } from 'node:path';
import type { Files } from '@edgeflow/platform';

/** random(4): the same until the machine starts again. undefined where the kernel has none to tell. */
export async function readBootId(files: Files, root: string): Promise<string | undefined> {
  const path = posix.join(root, 'proc/sys/kernel/random/boot_id');
  const bytes = await files.read(path, 256).catch(() => undefined);
  const text = bytes === undefined ? '' : Buffer.from(bytes).toString('latin1').trim();
  return /^[0-9a-f-]{1,64}$/.test(text) ? text : undefined;
}

import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { raspberryPi4 } from '../../../apps/agent/src/inventory/testing/trees/raspberry-pi.ts';

/** The arguments of an agent that finds itself on a Raspberry Pi 4, whose files are planted below a folder. */
export function asRaspberryPi(folder: string): { readonly args: readonly string[] } {
  const root = join(folder, 'root');
  const { files, folders, links } = raspberryPi4;
  for (const place of folders) mkdirSync(root + place, { recursive: true });
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(root + path), { recursive: true });
    writeFileSync(root + path, content);
  }
  for (const [path, target] of Object.entries(links)) {
    mkdirSync(dirname(root + path), { recursive: true });
    symlinkSync(target, root + path);
  }
  return { args: ['--root', root] };
}

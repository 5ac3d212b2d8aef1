import type { HostFacts } from './host-facts.ts';
import type { RootedFiles } from './rooted-files.ts';
import { cleanText } from './text.ts';

/** The kernel release as `uname -r` prints it, e.g. `6.1.0-rpi7-rpi-2712`; empty where nothing says. */
export async function readKernel(files: RootedFiles, host: HostFacts): Promise<string> {
  return (await files.line('/proc/sys/kernel/osrelease')) ?? cleanText(host.kernelRelease);
}

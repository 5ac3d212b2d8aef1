import type { HostFacts } from './host-facts.ts';
import type { RootedFiles } from './rooted-files.ts';
import { cleanTextOrNothing } from './text.ts';

/** The kernel's host name, else the configured one, else the process's, else `localhost`. */
export async function readHostname(files: RootedFiles, host: HostFacts): Promise<string> {
  const running = await files.line('/proc/sys/kernel/hostname');
  // The kernel's own default for a name nobody has set.
  if (running !== undefined && running !== '(none)') return running;
  const configured = firstSetting(await files.text('/etc/hostname'));
  return configured ?? cleanTextOrNothing(host.hostname) ?? 'localhost';
}

/** hostname(5): one name; lines that begin with `#` are comments. */
function firstSetting(text: string | undefined): string | undefined {
  const lines = (text ?? '').split('\n').map((line) => line.trim());
  return cleanTextOrNothing(lines.find((line) => line !== '' && !line.startsWith('#')));
}

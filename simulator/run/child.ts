import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Summary } from './simulate.ts';

const main = join(import.meta.dirname, '..', 'main.ts');

/** What `JSON.stringify` leaves of a summary. */
export type PrintedSummary = Omit<Summary, 'failure'> & { readonly failure?: Summary['failure'] };

/**
 * Runs the simulator in a process of its own: it takes over that process's timers, and a planted bug stays in it.
 *
 * @param signal ends it early, so that a test that is given up leaves no process behind.
 * @throws Error when it ends without a summary.
 */
export async function runSimulator(args: readonly string[], signal?: AbortSignal): Promise<PrintedSummary> {
  const { output, errors } = await runMain([...args, '--json'], signal);
  const line = output.trim();
  if (!line.startsWith('{')) throw new Error(`the simulator ended without a summary:\n${output}${errors}`);
  return JSON.parse(line) as PrintedSummary;
}

export function runMain(
  args: readonly string[],
  signal?: AbortSignal,
): Promise<{ output: string; errors: string }> {
  return new Promise((resolve, reject) => {
    // Short-lived garbage is what a simulation makes most of.
    const child = spawn(process.execPath, ['--max-semi-space-size=64', main, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      killSignal: 'SIGKILL',
      ...(signal === undefined ? {} : { signal }),
    });
    let output = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
    child.once('error', reject);
    child.once('close', () => {
      resolve({ output, errors });
    });
  });
}

import { systemClock, systemFiles, systemRandom, systemTimers } from '@edgeflow/platform';
import { runCli } from '../program.ts';
import type { CliDeps } from '../session.ts';
import { tinyToken } from './tiny-cloud.ts';

export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions extends Partial<CliDeps> {
  /** Width of a terminal on standard output; none when left out. */
  readonly columns?: number;
}

/** A sink that keeps what is written to it. */
export class KeptText {
  text = '';
  readonly isTTY: boolean;
  readonly columns: number | undefined;

  constructor(columns?: number) {
    this.isTTY = columns !== undefined;
    this.columns = columns;
  }

  write(text: string): void {
    this.text += text;
  }
}

/** Runs a command line in this process against a cloud: everything is real but the two streams. */
export async function run(url: string, argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const stdout = new KeptText(options.columns);
  const stderr = new KeptText();
  const exitCode = await runCli(argv, {
    environment: { EDGEFLOW_URL: url, EDGEFLOW_TOKEN: tinyToken },
    ...{ files: systemFiles, clock: systemClock, timers: systemTimers, random: systemRandom },
    ...{ stdout, stderr, workingFolder: '/', version: '0.0.0' },
    ...options,
  });
  return { exitCode, stdout: stdout.text, stderr: stderr.text };
}

/** The same with `--json`, read. */
export async function runJson(
  url: string,
  argv: readonly string[],
  options: RunOptions = {},
): Promise<unknown> {
  const { exitCode, stdout, stderr } = await run(url, [...argv, '--json'], options);
  if (exitCode !== 0 || stderr !== '') throw new Error(`it left with ${exitCode}: ${stderr}`);
  return JSON.parse(stdout) as unknown;
}

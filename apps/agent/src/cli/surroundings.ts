import type { AgentConfig, ConfigResult } from '../config.ts';
import { loadConfig, type SettingProblem } from '../config.ts';
import { printable, systemFiles } from '@edgeflow/platform';
import { exitCodes } from './exit-codes.ts';

/** What `main.ts` reads from the process and every command needs. */
export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingFolder: string;
  readonly isTerminal: boolean;
  readonly version: string;
  readonly print: (line: string) => void;
  readonly complain: (line: string) => void;
}

/** Options that stand before any command. */
export interface CommonOptions {
  readonly envFile?: string;
  /** Folder that `/proc`, `/sys` and `/etc` are below. */
  readonly root: string;
}

export function readConfig(surroundings: Surroundings, { envFile }: CommonOptions): Promise<ConfigResult> {
  const { environment, workingFolder } = surroundings;
  return loadConfig({ files: systemFiles, environment, envFile, workingFolder });
}

/** The settings, or the exit status after every problem has been told, one a line. */
export async function requireConfig(
  surroundings: Surroundings,
  options: CommonOptions,
): Promise<{ readonly config: AgentConfig; readonly warnings: readonly SettingProblem[] } | number> {
  const result = await readConfig(surroundings, options);
  return result.ok ? result : tellProblems(surroundings, result);
}

/** @returns the exit status. */
export function tellProblems({ complain }: Surroundings, result: ConfigResult): number {
  const problems = result.ok ? [] : result.problems;
  for (const { message, nextStep } of problems) complain(printable(`${message} ${nextStep}`));
  return exitCodes.settings;
}

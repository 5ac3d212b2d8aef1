import { execFile } from 'node:child_process';
import type { CloudProcess } from './cloud-process.ts';
import { repository } from './processes.ts';

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `edgeflow-cloud <args>` beside a running cloud, with its settings. */
export function runCloudCommand(cloud: CloudProcess, args: readonly string[]): Promise<CommandResult> {
  const { HOME = '/', PATH = '' } = process.env;
  const options = { cwd: repository, env: { HOME, PATH, ...cloud.environment } };
  return new Promise((resolve) => {
    execFile(process.execPath, ['apps/cloud/src/main.ts', ...args], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : 1, stdout, stderr });
    });
  });
}

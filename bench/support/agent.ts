import { writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../e2e/support/agent-process.ts';
import { startNode } from '../../e2e/support/processes.ts';
import type { Cleanup } from './cleanup.ts';

const onlineMs = 60_000;
/** How often the local API is asked: the resolution of the figure. */
const pollMs = 5;

export interface AgentOptions {
  /** The program: source or bundle. */
  readonly main: string;
  /** Holds `.env` and the state folder; used again, it is the same device. */
  readonly folder: string;
  readonly cloud: URL;
  readonly caFile: string;
  readonly code: string;
}

export interface OnlineAgent {
  readonly pid: number;
  readonly deviceId: string;
  /** From the start of the process to `online` in its own status. */
  readonly onlineMs: number;
  stop(): Promise<unknown>;
}

interface Status {
  readonly status: string;
  readonly device_id: string | null;
}

/** Starts a real agent, as plainly as on a device, and waits until it is online. */
export async function startAgent(cleanup: Cleanup, options: AgentOptions): Promise<OnlineAgent> {
  const port = await freePort();
  const envFile = join(options.folder, '.env');
  const settings = {
    EDGEFLOW_SAAS_ENABLED: 'true',
    EDGEFLOW_SAAS_URL: options.cloud.origin,
    EDGEFLOW_SAAS_CA_FILE: options.caFile,
    EDGEFLOW_PROVISIONING_CODE: options.code,
    EDGEFLOW_STATE_DIR: join(options.folder, 'state'),
    EDGEFLOW_SERVER_PORT: String(port),
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(envFile, lines.join(''), { mode: 0o600 });
  const startMs = performance.now();
  const running = startNode('agent', [options.main], { EDGEFLOW_ENV_FILE: envFile });
  cleanup.add(() => running.stop());
  for (;;) {
    const status = await readStatus(port);
    const elapsedMs = performance.now() - startMs;
    if (status?.status === 'online') {
      const { pid = NaN } = running.child;
      return { pid, deviceId: String(status.device_id), onlineMs: elapsedMs, stop: () => running.stop() };
    }
    if (elapsedMs > onlineMs || running.child.exitCode !== null) {
      throw new Error(
        `the agent is not online: ${JSON.stringify(status)}\n${running.lines.slice(-15).join('\n')}`,
      );
    }
    await sleep(pollMs);
  }
}

/** The agent's own status, or undefined while nothing answers. */
function readStatus(port: number): Promise<Status | undefined> {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, path: '/api/v1/saas/status', agent: false }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      answer.once('end', () => {
        resolve(JSON.parse(text) as Status);
      });
    });
    request.once('error', () => {
      resolve(undefined);
    });
  });
}

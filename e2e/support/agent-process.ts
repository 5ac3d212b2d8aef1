import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type RunningProcess, startNode } from './processes.ts';

/** A real agent process with its own `.env`, state folder and local API. */
export interface AgentProcess extends RunningProcess {
  /** `http://127.0.0.1:<port>` of its local API. */
  readonly url: string;
  /** The status document, or undefined while nothing answers. */
  status(): Promise<AgentStatus | undefined>;
  /** Waits until the status satisfies `wanted`. */
  until(what: string, wanted: (status: AgentStatus) => boolean, timeoutMs: number): Promise<AgentStatus>;
}

export interface AgentStatus {
  readonly connected: boolean;
  readonly device_id: string | null;
  readonly status: string;
  readonly last_heartbeat: string | null;
  readonly phase: string;
  readonly clock_skew_seconds: number | null;
  readonly last_error: { readonly code: string; readonly message: string; readonly next_step: string } | null;
}

export interface AgentOptions {
  /** Holds `.env` and the state folder; used again, it is the same device. */
  readonly folder: string;
  /** Lines of the `.env` beside those that every agent here needs. */
  readonly settings: Readonly<Record<string, string>>;
  readonly port: number;
  /** Further arguments of the command line. */
  readonly args?: readonly string[];
  /** Flags of Node.js itself. */
  readonly nodeFlags?: readonly string[];
  /** The program to run, the agent's source unless told otherwise. */
  readonly program?: string;
  /** Beside PATH, HOME and the name of the `.env`. */
  readonly environment?: Readonly<Record<string, string>>;
}

const pollMs = 50;

export function startAgent(options: AgentOptions): AgentProcess {
  const envFile = join(options.folder, '.env');
  const settings = {
    EDGEFLOW_SAAS_ENABLED: 'true',
    EDGEFLOW_STATE_DIR: join(options.folder, 'state'),
    EDGEFLOW_SERVER_PORT: String(options.port),
    ...options.settings,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(envFile, lines.join(''), { mode: 0o600 });
  const args = [
    ...(options.nodeFlags ?? []),
    options.program ?? 'apps/agent/src/main.ts',
    ...(options.args ?? []),
  ];
  const running = startNode('agent', args, { EDGEFLOW_ENV_FILE: envFile, ...options.environment });
  const url = `http://127.0.0.1:${String(options.port)}`;
  const status = (): Promise<AgentStatus | undefined> => readStatus(url);

  return {
    ...running,
    url,
    status,
    until: async (what, wanted, timeoutMs) => {
      const endMs = Date.now() + timeoutMs;
      let last: AgentStatus | undefined;
      while (Date.now() < endMs) {
        if (running.child.exitCode !== null) break;
        last = await status();
        if (last !== undefined && wanted(last)) return last;
        await setTimeout(pollMs);
      }
      const heard = [JSON.stringify(last), ...running.lines.slice(-15)].join('\n');
      throw new Error(`agent: waited in vain for ${what}\n${heard}`);
    },
  };
}

async function readStatus(url: string): Promise<AgentStatus | undefined> {
  try {
    const answer = await fetch(`${url}/api/v1/saas/status`);
    return (await answer.json()) as AgentStatus;
  } catch {
    return undefined;
  }
}

/** A port on loopback that was free a moment ago; `wanted` itself where that is free. */
export async function freePort(wanted = 0): Promise<number> {
  const port = await tryPort(wanted);
  return port ?? (await tryPort(0)) ?? Promise.reject(new Error('no free port on loopback'));
}

function tryPort(wanted: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(undefined);
    });
    server.listen(wanted, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        resolve(address !== null && typeof address !== 'string' ? address.port : undefined);
      });
    });
  });
}

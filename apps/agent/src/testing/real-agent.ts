import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type Diagnosis, diagnosisSchema, type SaasStatus } from '@edgeflow/contract';
import {
  type Clock,
  type Files,
  systemClock,
  systemFiles,
  systemRandom,
  systemTimers,
} from '@edgeflow/platform';
import { buildAgent } from '../agent.ts';
import { runDoctor } from '../cli/doctor.ts';
import { systemProbe } from '../commands/system-probe.ts';
import { loadConfig } from '../config.ts';
import { systemFolderLock } from '../identity/index.ts';
import { systemHostFacts } from '../inventory/index.ts';
import { startLocalApi } from '../local-api/index.ts';
import { createLog } from '../logging.ts';
import type { Resolve } from '../net/dial.ts';
import { createCloudTransport } from '../net/index.ts';

export interface RealAgentOptions {
  /** Lines of the `.env`. */
  readonly settings: Readonly<Record<string, string>>;
  /** A folder with `state` in it; used again, it is the same device. */
  readonly folder?: string;
  readonly files?: Files;
  readonly clock?: Clock;
  readonly resolve?: Resolve;
}

/** A whole agent on real disk, real sockets and real time, with its local API. */
export interface RealAgent {
  readonly folder: string;
  /** Every line of its log. */
  readonly log: readonly string[];
  status(): SaasStatus;
  /** Waits, at most ten seconds, until the status is as wanted. */
  until(wanted: (status: SaasStatus) => boolean): Promise<SaasStatus>;
  /** `GET /api/v1/saas/diagnosis`, from the local API. */
  diagnosis(): Promise<Diagnosis>;
  /** What `agent doctor` prints, asked by another process of the same settings. */
  doctor(): Promise<string>;
  close(): Promise<void>;
}

const patienceMs = 10_000;
const pollMs = 20;

/** @param machineId of its operating system; none when left out. */
export function deviceFolder(machineId?: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'edgeflow-agent-'));
  mkdirSync(join(folder, 'root', 'etc'), { recursive: true });
  if (machineId !== undefined) {
    writeFileSync(join(folder, 'root', 'etc', 'machine-id'), `${machineId}\n`);
    // A plain disk: only there does an id last, and is the vault tied to it.
    mkdirSync(join(folder, 'root', 'proc', 'self'), { recursive: true });
    const disk = '22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/mmcblk0p2 rw\n';
    writeFileSync(join(folder, 'root', 'proc', 'self', 'mountinfo'), disk);
  }
  return folder;
}

export async function startRealAgent(options: RealAgentOptions): Promise<RealAgent> {
  const { files = systemFiles, clock = systemClock, resolve } = options;
  const folder = options.folder ?? deviceFolder();
  const envFile = join(folder, '.env');
  const configure = (port: number): void => {
    const settings = {
      EDGEFLOW_STATE_DIR: join(folder, 'state'),
      EDGEFLOW_SERVER_PORT: String(port),
      ...options.settings,
    };
    const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
    writeFileSync(envFile, lines.join(''), { mode: 0o600 });
  };
  configure(0);
  const reload = () => loadConfig({ files: systemFiles, environment: {}, envFile });
  const reading = await reload();
  if (!reading.ok) throw new Error(JSON.stringify(reading.problems));
  const log: string[] = [];
  const logger = createLog({ level: 'trace', isPretty: false, clock, write: (line) => log.push(line) });
  const time = { clock, timers: systemTimers };
  let url = '';
  const agent = buildAgent({
    config: reading.config,
    warnings: reading.warnings,
    reloadConfig: reload,
    version: '1.2.3',
    time,
    random: systemRandom,
    files,
    root: join(folder, 'root'),
    host: systemHostFacts,
    probe: systemProbe,
    lock: systemFolderLock(systemFiles),
    credentialsFolder: undefined,
    log: logger,
    makeTransport: (address, { trust, proxy }, knowledge) =>
      createCloudTransport({ address, trust, proxy, time, knowledge, ...(resolve && { resolve }) }),
    openLocalApi: async (control, token) => {
      const place = { host: '127.0.0.1', port: 0, tls: undefined, isTokenShort: false, hostname: 'device' };
      const api = await startLocalApi({ control, token, random: systemRandom, clock, log: logger, ...place });
      if (!api.listening) throw new Error(api.reason);
      url = api.url;
      configure(Number(new URL(url).port));
      return api;
    },
  });
  const started = await agent.start();
  if (started.kind !== 'running') throw new Error(started.detail);
  return {
    folder,
    log,
    status: () => agent.control.status(),
    async until(wanted) {
      for (let waitedMs = 0; waitedMs < patienceMs; waitedMs += pollMs) {
        if (wanted(agent.control.status())) return agent.control.status();
        await setTimeout(pollMs);
      }
      throw new Error(
        `waited in vain\n${JSON.stringify(agent.control.status())}\n${log.slice(-10).join('')}`,
      );
    },
    async diagnosis() {
      const answer = await fetch(new URL('/api/v1/saas/diagnosis', url));
      return diagnosisSchema.parse(await answer.json());
    },
    async doctor() {
      let printed = '';
      await runDoctor(
        {
          environment: {},
          workingFolder: '/',
          isTerminal: false,
          version: '1.2.3',
          print: (line) => (printed += line),
          complain: () => undefined,
        },
        { envFile, root: join(folder, 'root') },
      );
      return printed;
    },
    async close() {
      await agent.stop();
      if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}

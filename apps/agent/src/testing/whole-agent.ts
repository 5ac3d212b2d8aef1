import { SeededRandom, SimulatedFiles, SimulatedTime } from '@edgeflow/platform/simulated';
import { type Agent, type AgentStart, buildAgent } from '../agent.ts';
import type { SystemProbe } from '../commands/system-metrics.ts';
import { loadConfig } from '../config.ts';
import type { FolderLockResult, LocalToken } from '../identity/index.ts';
import type { HostFacts } from '../inventory/index.ts';
// Loaded now: what is loaded late takes real time, which simulated time does not wait for.
import '../diagnosis/index.ts';
import { createLog } from '../logging.ts';
import { FakeCloud } from './fake-cloud.ts';

const envFile = '/etc/edgeflow/.env';

const host: HostFacts = {
  platform: 'linux',
  arch: 'arm64',
  kernelRelease: '6.1.0',
  hostname: 'edgeflow-pi',
  cpuCount: 4,
  memoryBytes: 2 ** 32,
  networkInterfaces: {},
};

const probe: SystemProbe = {
  loadAverage: () => [0, 0, 0],
  memoryBytes: () => ({ total: 2 ** 32, available: 2 ** 31 }),
  uptimeSeconds: () => 1,
  residentBytes: () => 2 ** 26,
  diskBytes: () => Promise.resolve(undefined),
};

/** A machine with the whole agent on it: its disk, its clock, and the clouds it can reach. */
export class Machine {
  readonly time = new SimulatedTime();
  readonly files = new SimulatedFiles();
  readonly clouds = new Map<string, FakeCloud>();
  /** Every line of the log of every process. */
  readonly log: string[] = [];
  lock: FolderLockResult = { kind: 'held', release: () => (this.releases += 1) };
  releases = 0;
  opened = 0;
  closed = 0;
  /** Requests for a transport, by the cloud they are for. */
  readonly reached: string[] = [];
  token: LocalToken | undefined;
  #seed = 0;

  constructor() {
    this.addCloud('https://cloud.example:8443');
  }

  get cloud(): FakeCloud {
    const [first] = this.clouds.values();
    if (first === undefined) throw new Error('no cloud');
    return first;
  }

  addCloud(origin: string): FakeCloud {
    const cloud = new FakeCloud(this.time, origin);
    this.clouds.set(origin, cloud);
    return cloud;
  }

  /** Writes the file of settings. `EDGEFLOW_SAAS_URL` names the first cloud unless told otherwise. */
  async configure(settings: Readonly<Record<string, string>>): Promise<void> {
    const all = { EDGEFLOW_SAAS_URL: this.cloud.origin, EDGEFLOW_STATE_DIR: '/var/state', ...settings };
    const lines = Object.entries(all).filter(([, value]) => value !== '');
    await this.files.makeFolder('/etc/edgeflow');
    await this.files.makeFolder('/var');
    const text = lines.map(([name, value]) => `${name}=${value}\n`).join('');
    await this.files.write(envFile, Buffer.from(text), 0o600);
  }

  async build(): Promise<Agent> {
    this.#seed += 1;
    const reload = () => loadConfig({ files: this.files, environment: {} });
    const reading = await reload();
    if (!reading.ok) throw new Error(JSON.stringify(reading.problems));
    return buildAgent({
      config: reading.config,
      warnings: reading.warnings,
      reloadConfig: reload,
      version: '1.2.3',
      time: { clock: this.time, timers: this.time },
      random: new SeededRandom(this.#seed),
      files: this.files,
      root: '/',
      host: () => host,
      probe,
      lock: { acquire: () => Promise.resolve(this.lock) },
      credentialsFolder: undefined,
      log: createLog({
        level: 'trace',
        isPretty: false,
        clock: this.time,
        write: (line) => this.log.push(line),
      }),
      makeTransport: (address) => {
        this.reached.push(address.url);
        const cloud = this.clouds.get(address.url);
        if (cloud === undefined) throw new Error(`there is no cloud at ${address.url}`);
        return cloud.transport();
      },
      openLocalApi: async (_control, token) => {
        this.opened += 1;
        this.token = token;
        return {
          close: async () => {
            this.closed += 1;
          },
        };
      },
    });
  }

  /** Builds and starts an agent, and lets `ms` pass. */
  async start(ms = 2000): Promise<{ agent: Agent; started: AgentStart }> {
    const agent = await this.build();
    const starting = agent.start();
    await this.time.advance(ms);
    return { agent, started: await starting };
  }

  async stop(agent: Agent): Promise<void> {
    const stopping = agent.stop();
    await this.time.advance(6000);
    await stopping;
  }
}

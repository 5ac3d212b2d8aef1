import { SimulatedFiles } from '@edgeflow/platform/simulated';
import { type Agent, buildAgent } from '../../apps/agent/src/agent.ts';
import type { AgentControl } from '../../apps/agent/src/agent-control.ts';
import { type ConfigResult, loadConfig } from '../../apps/agent/src/config.ts';
import { createLog } from '../../apps/agent/src/logging.ts';
import { stateFolder } from '../checks/disk.ts';
import type { Network } from '../network/network.ts';
import type { Draw } from '../world/draw.ts';
import { MachineClock } from '../world/machine-clock.ts';
import { SimulatedProcess } from '../world/process.ts';
import type { World } from '../world/world.ts';
import { fencedFiles } from './fenced-files.ts';
import { hostCalled, probe } from './host.ts';
import { type Credential, simulatedTransport } from './transport.ts';
import type { Link } from '../network/link.ts';
import { TunnelMishaps } from './tunnel-mishaps.ts';

export const cloudUrl = 'https://cloud.example:8443';
const envFile = '/etc/edgeflow/.env';

/** Who looks at what a board does. */
export interface BoardWatch {
  diskChanged(board: Board): void;
  claims(board: Board, secret: string): void;
  presents(board: Board, credential: Credential, link: Link): void;
  connected(board: Board, credential: Credential): void;
  acceptsKey(board: Board, apiKey: string): void;
  logged(board: Board, line: string): void;
}

export interface BoardDeps {
  readonly world: World;
  readonly network: Network;
  readonly watch: BoardWatch;
}

/** A supervisor starts an agent that has ended again after this, in milliseconds. */
const restartMs = { least: 100, most: 6_000 };

/** One board: its disk, its clock, and the agent's processes on it one after another. */
export class Board {
  readonly number: number;
  readonly name: string;
  readonly clock: MachineClock;
  /** What happens to its tunnel on purpose. */
  readonly tunnel: TunnelMishaps;
  files = new SimulatedFiles({ losesFolders: true });
  /** What the disk says to changes at present. */
  refusal: 'ENOSPC' | 'EROFS' | undefined;
  readonly #deps: BoardDeps;
  readonly #draw: Draw;
  #address: string;
  #moves = 0;
  #process: SimulatedProcess | undefined;
  #agent: Agent | undefined;
  #isRunning = false;
  #runs = 0;

  constructor(number: number, deps: BoardDeps) {
    this.number = number;
    this.name = `board-${number}`;
    this.#deps = deps;
    this.#draw = deps.world.draw.fork();
    this.clock = new MachineClock(deps.world.time);
    this.tunnel = new TunnelMishaps(deps.world.time, () => {
      this.cutPower();
    });
    this.#address = `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`;
  }

  /** The running agent, as its local API sees it; undefined while there is none. */
  get control(): AgentControl | undefined {
    return this.#isRunning ? this.#agent?.control : undefined;
  }

  get process(): SimulatedProcess | undefined {
    return this.#process;
  }

  get address(): string {
    return this.#address;
  }

  /** From its next connection on it has another address. */
  move(): void {
    this.#moves += 1;
    this.#address = `172.${16 + (this.#moves % 16)}.${(this.number >> 8) & 255}.${this.number & 255}`;
  }

  /** What the agent says of itself, in its own words. */
  get state(): string {
    const status = this.control?.status();
    if (status === undefined) return 'not running';
    return `${status.status} (${status.phase}, last error ${status.last_error?.code ?? 'none'})`;
  }

  get isOnline(): boolean {
    return this.control?.status().connected ?? false;
  }

  /** An image is written to the card: facts of the board, and the file of settings, all of it durable. */
  async flash(settings: Readonly<Record<string, string>>): Promise<void> {
    const { files } = this;
    for (const folder of ['/etc/edgeflow', '/proc/device-tree', '/var/lib']) await files.makeFolder(folder);
    await this.#put('/proc/device-tree/serial-number', this.#serialNumber);
    await this.#put('/proc/device-tree/model', 'Raspberry Pi 4 Model B Rev 1.4\0');
    for (const folder of ['/', '/etc', '/proc', '/var']) await files.syncFolder(folder);
    await this.configure(settings);
  }

  /** A person edits the file of settings. */
  async configure(settings: Readonly<Record<string, string>>): Promise<void> {
    const all = { EDGEFLOW_SAAS_URL: cloudUrl, EDGEFLOW_LOG_LEVEL: this.#logLevel, ...settings };
    const text = Object.entries(all).map(([name, value]) => `${name}=${value}\n`);
    await this.#put(envFile, text.join(''));
  }

  /** The card of another board is copied onto this one's; what is in its chips stays. */
  async flashImageOf(other: Board): Promise<void> {
    this.files = other.files.copy();
    await this.#put('/proc/device-tree/serial-number', this.#serialNumber);
    this.#deps.watch.diskChanged(this);
  }

  /** What is on its card now. */
  imageOfCard(): SimulatedFiles {
    return this.files.copy();
  }

  /** Its card becomes what it was. Only while the power is off. */
  putBack(image: SimulatedFiles): void {
    this.files = image.copy();
    this.#deps.watch.diskChanged(this);
  }

  /** Whether there is an identity on its disk, durable or not. */
  get hasIdentity(): boolean {
    return this.files.surviving(`${stateFolder}/identity.vault`, 'kept') !== undefined;
  }

  /**
   * A person gives the device a code through its local API.
   *
   * @returns `completed`: this code has been used up, so the device has done it by itself meanwhile.
   */
  async provision(code: string, force: boolean): Promise<'done' | 'completed' | 'not yet'> {
    const { control, process } = this;
    if (control === undefined || process === undefined) return 'not yet';
    const gone = new Promise<undefined>((resolve) => {
      process.atDeath(() => {
        resolve(undefined);
      });
    });
    const outcome = await Promise.race([control.provision(code, force), gone]);
    if (outcome?.ok === true) {
      this.#deps.watch.acceptsKey(this, outcome.value.api_key);
      return 'done';
    }
    const problem = outcome?.problem.code ?? '';
    return problem === 'code_already_used' || problem === 'claim_completed' ? 'completed' : 'not yet';
  }

  async #put(path: string, text: string): Promise<void> {
    await this.files.write(path, Buffer.from(text), 0o600);
    await this.files.sync(path);
    await this.files.syncFolder(path.slice(0, path.lastIndexOf('/')));
  }

  powerOn(): void {
    if (this.#process === undefined) void this.#start();
  }

  /** The process ends as by SIGKILL; what it wrote is still in the kernel's hands. */
  kill(): void {
    this.#process?.kill();
  }

  /**
   * Everything that was not synced is lost, torn or kept, each by its own chance. Its connections stay half open: there
   * is nobody left who would end them.
   */
  cutPower(): void {
    this.#process?.kill(true);
    this.files.powerCut(this.#draw.random);
    this.#deps.watch.diskChanged(this);
  }

  async #start(): Promise<void> {
    const { world, network } = this.#deps;
    this.#runs += 1;
    const process = new SimulatedProcess(`${this.name}#${this.#runs}`, world.time);
    this.#process = process;
    process.atDeath(() => {
      this.#onDeath(process);
    });
    world.trace.note(process.name, 'starts');
    try {
      const agent = await process.hears(this.#build(process, network));
      this.#agent = agent;
      const started = await process.hears(agent.start());
      if (started.kind === 'running') this.#isRunning = true;
      else process.kill();
    } catch (error) {
      world.trace.note(process.name, `ends: ${error instanceof Error ? error.message : 'unknown'}`);
      process.kill();
    }
  }

  #onDeath(process: SimulatedProcess): void {
    const { world } = this.#deps;
    this.#agent = undefined;
    this.#process = undefined;
    this.#isRunning = false;
    world.trace.note(process.name, 'is dead');
    world.time.after(this.#draw.between(restartMs.least, restartMs.most), () => {
      this.powerOn();
    });
  }

  async #build(process: SimulatedProcess, network: Network): Promise<Agent> {
    const { world, watch } = this.#deps;
    const files = fencedFiles({
      world,
      draw: this.#draw,
      process,
      files: this.files,
      refusal: () => (world.isHealing ? undefined : this.refusal),
      changed: () => {
        watch.diskChanged(this);
      },
    });
    const reload = (): Promise<ConfigResult> => loadConfig({ files, environment: {} });
    const reading = await reload();
    if (!reading.ok) throw new Error('the settings cannot be read');
    const { config, warnings } = reading;
    const write = (line: string): void => {
      if (process.isAlive) watch.logged(this, line);
    };
    const time = process.timeBy(this.clock);
    return buildAgent({
      ...{ config, warnings, files, probe, time },
      reloadConfig: reload,
      version: '1.2.3',
      random: this.#draw.fork().random,
      root: '/',
      host: () => hostCalled(this.name),
      // One process a board is what this world makes sure of itself.
      lock: { acquire: () => Promise.resolve({ kind: 'held', release: () => undefined }) },
      credentialsFolder: undefined,
      log: createLog({ level: this.#logLevel, isPretty: false, clock: time.clock, write }),
      makeTransport: (address, _, knowledge) =>
        simulatedTransport({
          ...{ address, knowledge, time },
          connect: (signal) => network.connect(process, this.#address, signal),
          watch: {
            claims: (secret) => {
              if (process.isAlive) watch.claims(this, secret);
            },
            presents: (credential, link) => {
              if (!process.isAlive) return;
              watch.presents(this, credential, link);
              this.tunnel.presents(link);
            },
            connected: (credential) => {
              if (process.isAlive) watch.connected(this, credential);
            },
            acceptsKey: (apiKey) => {
              if (process.isAlive) watch.acceptsKey(this, apiKey);
            },
          },
        }),
      openLocalApi: () => Promise.resolve({ close: () => Promise.resolve() }),
    });
  }

  get #serialNumber(): string {
    return `10000000${1000 + this.number}\0`;
  }

  /** Every line costs; so only some worlds have them all. */
  get #logLevel(): 'trace' | 'info' {
    return this.#deps.world.isTalkative ? 'trace' : 'info';
  }
}

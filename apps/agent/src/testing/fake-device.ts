import type { Json, JsonObject } from '@edgeflow/contract';
import type { Files } from '@edgeflow/platform';
import { SeededRandom, type SimulatedFiles, type SimulatedTime } from '@edgeflow/platform/simulated';
import { Identify } from '../commands/identify.ts';
import { CommandError, type CommandHandler } from '../commands/runner.ts';
import { Connection } from '../connection.ts';
import {
  ClaimStore,
  type ConfiguredCredentials,
  IdentityStore,
  resolveVaultKey,
  Vault,
} from '../identity/index.ts';
import type { Log } from '../log-port.ts';
import type { LifeView } from '../provisioning/view.ts';
import { cloudOrigin, type FakeCloud } from './fake-cloud.ts';

export const stateFolder = '/state';

export interface DeviceSettings {
  readonly code?: string;
  readonly explicit?: Omit<ConfiguredCredentials, 'cloud'>;
  readonly seed?: number;
  readonly board?: string;
  readonly commands?: readonly (readonly [string, CommandHandler])[];
  readonly applyDesired?: (desired: JsonObject) => Promise<JsonObject | undefined>;
}

/** One process of the agent on a simulated machine, from its vault upwards. It can be killed at any disk operation. */
export class FakeDevice {
  readonly log: string[] = [];
  readonly #time: SimulatedTime;
  readonly #files: SimulatedFiles;
  readonly #cloud: FakeCloud;
  readonly #settings: DeviceSettings;
  /** Disk operations this process has begun. */
  operations = 0;
  /** Dies before (`at` + 0) or after (`at` + 0.5) this operation, counted from 0. */
  dieAt = Infinity;
  #isDead = false;
  pongs = 0;
  replaced = 0;
  connection: Connection | undefined;

  constructor(time: SimulatedTime, files: SimulatedFiles, cloud: FakeCloud, settings: DeviceSettings) {
    this.#time = time;
    this.#files = files;
    this.#cloud = cloud;
    this.#settings = settings;
  }

  /** Does not resolve when the process dies on the way. */
  async start(): Promise<Connection> {
    const { code, explicit, seed = 1, board } = this.#settings;
    const files = this.#mortalFiles();
    const random = new SeededRandom(seed);
    const facts = board === undefined ? {} : { board: { serialNumber: board } };
    const keys = await resolveVaultKey({ files, random, stateFolder });
    if (keys.kind !== 'ready') throw new Error(keys.detail);
    const vault = new Vault({ files, random, stateFolder, keys: keys.keys, device: facts });
    this.connection = new Connection({
      time: { clock: this.#time, timers: this.#time },
      random,
      log: this.#makeLog(),
      transport: this.#cloud.transport(() => this.isAlive),
      identities: new IdentityStore(vault, this.#time),
      claims: new ClaimStore(vault, random, this.#time),
      readInfo: () => Promise.resolve({ hardware_info: {}, network_info: {} }),
      settings: {
        cloud: cloudOrigin,
        board: facts.board,
        explicit: explicit && { cloud: cloudOrigin, ...explicit },
      },
      code: { code, problem: undefined },
      hello: () => ({ version: '1.0.0', instance: String(seed) }),
      onReplaced: () => {
        this.replaced += 1;
      },
      identify: new Identify({
        ...{ files, timers: this.#time, log: this.#makeLog(), root: '/no/lights' },
      }),
      metrics: () => Promise.reject(new CommandError('unsupported', 'no metrics here')),
      health: () => ({ status: 'ok' }),
      facts: { agent_version: '1.0.0' },
      applyDesired: this.#settings.applyDesired,
      commands: this.#settings.commands ?? [],
      onPong: () => {
        this.pongs += 1;
      },
      onChange: () => undefined,
    });
    this.connection.start();
    return this.connection;
  }

  get isAlive(): boolean {
    return !this.#isDead;
  }

  get view(): LifeView | undefined {
    return this.connection?.view;
  }

  /** Ends as SIGKILL does: nothing more is heard of it. */
  kill(): void {
    this.#isDead = true;
    this.#cloud.closeAll(1006);
  }

  #mortalFiles(): Files {
    const files: Files = this.#files;
    const step = async <T>(operation: () => Promise<T>): Promise<T> => {
      const number = this.operations;
      this.operations += 1;
      if (number >= this.dieAt) this.kill();
      if (this.#hasDied()) return endless();
      const result = await operation();
      if (number + 0.5 >= this.dieAt) this.kill();
      return this.#hasDied() ? endless() : result;
    };
    return {
      read: (path, bytesMax) => step(() => files.read(path, bytesMax)),
      write: (path, bytes, mode) => step(() => files.write(path, bytes, mode)),
      sync: (path) => step(() => files.sync(path)),
      rename: (from, to) => step(() => files.rename(from, to)),
      syncFolder: (path) => step(() => files.syncFolder(path)),
      remove: (path) => step(() => files.remove(path)),
      makeFolder: (path, mode) => step(() => files.makeFolder(path, mode)),
      list: (path) => step(() => files.list(path)),
      stat: (path) => step(() => files.stat(path)),
      readLink: (path) => step(() => files.readLink(path)),
    };
  }

  #hasDied(): boolean {
    return this.#isDead;
  }

  #makeLog(): Log {
    const line = (fields: Readonly<Record<string, Json | undefined>>, message: string): void => {
      this.log.push(`${message} ${JSON.stringify(fields)}`);
    };
    return { debug: line, info: line, warn: line, error: line };
  }
}

/** What a dead process waits for. */
function endless<T>(): Promise<T> {
  return Promise.withResolvers<T>().promise;
}

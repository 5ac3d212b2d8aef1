import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { DatabaseSync } from 'node:sqlite';
import { Registry } from 'prom-client';
import { buildCloud, type Cloud } from '../../apps/cloud/src/cloud.ts';
import { noNetworks } from '../../apps/cloud/src/http/addresses.ts';
import { KeyRing } from '../../apps/cloud/src/keyring/index.ts';
import { createLogger } from '../../apps/cloud/src/logging.ts';
import type { Database } from '../../apps/cloud/src/storage/database.ts';
import { checkKeyRing } from '../../apps/cloud/src/storage/key-check.ts';
import type { Listener, Network } from '../network/network.ts';
import type { Draw } from '../world/draw.ts';
import { MachineClock } from '../world/machine-clock.ts';
import { SimulatedProcess } from '../world/process.ts';
import type { World } from '../world/world.ts';
import { Storage } from './storage.ts';

export interface CloudNodeDeps {
  readonly world: World;
  readonly network: Network;
  readonly opened: (raw: DatabaseSync) => void;
  readonly committed: (raw: DatabaseSync) => void;
  readonly logged: (line: string) => void;
}

/** A supervisor starts a process that has ended again after this, in milliseconds. */
const restartMs = { least: 200, most: 8_000 };

/** The machine that the cloud runs on, and its processes one after another. */
export class CloudNode {
  readonly clock: MachineClock;
  readonly bootstrapToken: string;
  readonly keyRing: KeyRing;
  readonly #deps: CloudNodeDeps;
  readonly #draw: Draw;
  readonly #storage = new Storage();
  #process: SimulatedProcess | undefined;
  #cloud: Cloud | undefined;
  #registry: Registry | undefined;
  #runs = 0;
  /** Starts a stopped cloud again; not while one is being replaced. */
  #isRestarting = false;

  constructor(deps: CloudNodeDeps) {
    this.#deps = deps;
    this.#draw = deps.world.draw.fork();
    this.clock = new MachineClock(deps.world.time);
    this.keyRing = new KeyRing('k1', new Map([['k1', this.#draw.random.bytes(32)]]));
    this.bootstrapToken = Buffer.from(this.#draw.random.bytes(32)).toString('base64url');
  }

  /** The running cloud's application, for operators; undefined while there is none. */
  get cloud(): Cloud | undefined {
    return this.#cloud;
  }

  get process(): SimulatedProcess | undefined {
    return this.#process;
  }

  /** Tunnels that the running gateway holds registered. */
  async openTunnels(): Promise<number | undefined> {
    const metric = await this.#registry?.getSingleMetric('edgeflow_tunnels_open')?.get();
    return metric?.values[0]?.value;
  }

  async start(): Promise<void> {
    this.#isRestarting = false;
    this.#runs += 1;
    const { world, network } = this.#deps;
    const process = new SimulatedProcess(`cloud#${this.#runs}`, world.time);
    this.#process = process;
    world.trace.note(process.name, 'starts');
    process.atDeath(() => {
      this.#onDeath(process);
    });
    try {
      const { cloud, database } = await world.meanwhile(this.#build(process));
      await process.hears(checkKeyRing(database, this.keyRing));
      await process.hears(cloud.start());
      const server = serverOf(cloud, this.clock);
      this.#cloud = cloud;
      const listener: Listener = { process, accept: (socket) => server.emit('connection', socket) };
      network.listen(listener);
      world.trace.note(process.name, 'listens');
    } catch (error) {
      world.trace.note(process.name, `ends: ${error instanceof Error ? error.message : 'unknown'}`);
      process.kill();
    }
  }

  kill(): void {
    this.#process?.kill();
  }

  /** As a service manager stops it: connections drain, tunnels close with 1001, then it ends. */
  async restartGracefully(): Promise<void> {
    const cloud = this.#cloud;
    const process = this.#process;
    if (cloud === undefined || process === undefined || this.#isRestarting) return;
    this.#isRestarting = true;
    this.#deps.network.unlistenAll();
    const patience = process.sleep(stopMsMax);
    await Promise.race([process.hears(cloud.stop()).catch(() => undefined), patience]);
    process.kill();
  }

  discard(): void {
    this.#process?.kill();
    this.#storage.discard();
  }

  #onDeath(process: SimulatedProcess): void {
    const { world } = this.#deps;
    if (this.#process !== process) return;
    this.#process = undefined;
    this.#cloud = undefined;
    this.#registry = undefined;
    world.trace.note(process.name, 'is dead');
    world.time.after(this.#draw.between(restartMs.least, restartMs.most), () => {
      void this.start();
    });
  }

  async #build(process: SimulatedProcess): Promise<{ cloud: Cloud; database: Database }> {
    const { world, opened, committed, logged } = this.#deps;
    const { clock, keyRing } = this;
    const deps = { world, draw: this.#draw, process, clock, opened, committed };
    const database = await this.#storage.open(deps);
    const write = (line: string): void => {
      if (process.isAlive) logged(line);
    };
    const registry = new Registry();
    const cloud = await buildCloud({
      version: '0.0.0-simulated',
      database,
      keyRing,
      clock,
      timers: process.timers,
      random: this.#draw.fork().random,
      logger: createLogger({
        level: world.isTalkative ? 'debug' : 'info',
        pretty: false,
        destination: { write },
      }),
      registry,
      trustedProxies: noNetworks,
      bootstrapToken: this.bootstrapToken,
      codeTtlSeconds,
      codeGroups: 3,
      keyTtlDays: 365,
      caPem: () => undefined,
      pins: () => [],
      publicUrl: () => 'https://cloud.test',
      mailer: undefined,
    });
    // Fastify loads its plugins in turns of the real event loop: all of them now, while no time passes.
    await cloud.app.ready();
    this.#registry = registry;
    return { cloud, database };
  }
}

const stopMsMax = 10_000;
/** Long enough for a device to onboard after everything has gone wrong. */
const codeTtlSeconds = 86_400;

/** Node's own HTTP server without a port: connections are handed to it. Its real timers are out of the way. */
function serverOf(cloud: Cloud, clock: MachineClock): Server {
  const server = createServer(
    { connectionsCheckingInterval: 2 ** 30, headersTimeout: 0, requestTimeout: 0, keepAliveTimeout: 0 },
    (request, response) => {
      response.sendDate = false;
      response.setHeader('date', new Date(clock.now()).toUTCString());
      cloud.app.routing(request, response);
    },
  );
  server.on('upgrade', (request: IncomingMessage, socket, head: Buffer) => {
    cloud.upgrade(request, socket, head);
  });
  return server;
}

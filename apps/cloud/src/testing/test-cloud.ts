import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemRandom, systemTimers, type Timers } from '@edgeflow/platform';
import { SimulatedTime } from '@edgeflow/platform/simulated';
import { buildCloud, type Cloud, type CloudDeps } from '../cloud.ts';
import { noNetworks } from '../http/addresses.ts';
import type { Role } from '../http/access.ts';
import { createRegistry } from '../http/metrics.ts';
import { KeyRing } from '../keyring/index.ts';
import { createLogger } from '../logging.ts';
import type { Database, DatabaseKind } from '../storage/database.ts';
import { makeDatabase } from '../storage/testing/databases.ts';
import { ApiClient, Browser } from './api-client.ts';

/** An owner's token, given as the setting is. */
export const bootstrapToken = 'bootstrap-token-of-the-tests-0123456789abcdef';

/** One run of the cloud: from start to stop. Several may follow each other on one database. */
export interface RunningCloud {
  readonly cloud: Cloud;
  readonly server: Server;
  /** `http://127.0.0.1:port`, without a slash at its end. */
  readonly origin: string;
  /** An owner of the first organization. */
  readonly owner: ApiClient;
  /** Name and status of every call that has succeeded, as `readCode 200`. */
  readonly answered: Set<string>;
  /** A client with another credential, or none. */
  client(credential?: string): ApiClient;
  /** A client in a browser with its own cookies: nobody is signed in there yet. */
  person(browser?: Browser): ApiClient;
  /** Tunnels close with 1001, then the listener ends. */
  stop(): Promise<void>;
}

/** A database that clouds run on, with time in the test's hand. */
export interface TestCloud extends RunningCloud {
  readonly database: Database;
  /** `sqlite:<path>` or `postgres://…` */
  readonly url: string;
  /** Timers and clock of the cloud. The clock of PostgreSQL goes its own way. */
  readonly time: SimulatedTime;
  /** Every line logged so far, by all runs. */
  readonly logs: string[];
  /** A second run on the same database, as after a restart; stop the first one before. */
  restart(): Promise<RunningCloud>;
  /** A token of another organization, or another role. */
  token(role: Role, organizationId?: string): Promise<string>;
  /** Stops what runs and removes the database. */
  discard(): Promise<void>;
}

/**
 * @param change what differs from {@link cloudDeps}
 * @param wrap what the clouds see of the database, such as one that fails when told to
 */
export async function startTestCloud(
  kind: DatabaseKind,
  change: Partial<CloudDeps> = {},
  wrap: (database: Database, time: SimulatedTime) => Database = (database) => database,
): Promise<TestCloud> {
  const time = new SimulatedTime(Date.now());
  const store = await makeDatabase(kind, time);
  const seen = wrap(store.database, time);
  const logs: string[] = [];
  const keyRing = makeKeyRing();
  const running: RunningCloud[] = [];
  const run = async (): Promise<RunningCloud> => {
    const started = await startRun({ ...cloudDeps(seen, time, keyRing, logs), ...change });
    running.push(started);
    return started;
  };
  const first = await run();
  return {
    ...first,
    database: store.database,
    url: store.url,
    time,
    logs,
    restart: run,
    token: async (role, organizationId) => {
      const named = organizationId === undefined ? {} : { organizationId };
      return (await first.cloud.identity.createToken({ name: role, role, ...named })).token;
    },
    discard: async () => {
      for (const one of running) await one.stop();
      await store.discard();
    },
  };
}

/** All that a cloud is made of, on this database and in this time. */
export function cloudDeps(
  database: Database,
  time: SimulatedTime,
  keyRing = makeKeyRing(),
  logs: string[] = [],
): CloudDeps {
  const destination = { write: (line: string): void => void logs.push(line) };
  return {
    version: '0.0.0-test',
    database,
    keyRing,
    clock: time,
    timers: handTimers(time),
    random: systemRandom,
    logger: createLogger({ level: 'debug', pretty: false, destination }),
    registry: createRegistry(),
    trustedProxies: noNetworks,
    bootstrapToken,
    codeTtlSeconds: 3600,
    codeGroups: undefined,
    keyTtlDays: 365,
    caPem: () => undefined,
    pins: () => [],
    publicUrl: () => 'https://cloud.test',
    mailer: undefined,
  };
}

function makeKeyRing(): KeyRing {
  return new KeyRing('k1', new Map([['k1', systemRandom.bytes(32)]]));
}

async function startRun(deps: CloudDeps): Promise<RunningCloud> {
  const cloud = await buildCloud(deps);
  await cloud.start();
  const server = createServer((request, response) => {
    cloud.app.routing(request, response);
  });
  server.on('upgrade', (request, socket, head) => {
    cloud.upgrade(request, socket, head);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const answered = new Set<string>();
  const client = (credential?: string): ApiClient => new ApiClient(origin, credential, answered);
  const person = (browser = new Browser()): ApiClient => new ApiClient(origin, undefined, answered, browser);
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopped ??= stopRun(cloud, server));
  return { cloud, server, origin, answered, owner: client(bootstrapToken), client, person, stop };
}

async function stopRun(cloud: Cloud, server: Server): Promise<void> {
  await cloud.stop();
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

/** Delays pass when the test says so; what is due now happens by itself. */
function handTimers(time: SimulatedTime): Timers {
  return {
    after: (delayMs, callback) => time.after(delayMs, callback),
    every: (periodMs, callback) => time.every(periodMs, callback),
    clear: (handle) => {
      time.clear(handle);
    },
    soon: (callback) => {
      systemTimers.soon(callback);
    },
  };
}

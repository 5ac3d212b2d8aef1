import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type OrderedIds, orderedIds } from '@edgeflow/contract';
import { type Clock, pooled, type Random, type Timers } from '@edgeflow/platform';
import type { FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';
import { buildAlerts } from './features/alerts/index.ts';
import { auditRefusal, auditRoutes } from './features/audit/index.ts';
import { BatchExports, Batches, batchRoutes } from './features/batches/index.ts';
import { cloneMetrics, Clones } from './features/clones/index.ts';
import { bulkRoutes, BulkChanges } from './features/bulk/index.ts';
import { codeRoutes, Codes } from './features/codes/index.ts';
import { commandRoutes, Commands } from './features/commands/index.ts';
import { KeyAuthenticator } from './features/credentials/index.ts';
import { deviceFactRoutes } from './features/device-facts/index.ts';
import { deviceNames, deviceRoutes, Devices, setLifecycle } from './features/devices/index.ts';
import { enrolmentRoutes, Enrolments } from './features/enrolment/index.ts';
import { eventRoutes, Events } from './features/events/index.ts';
import { FailureBudget, guessingMetrics, GuessWatch } from './features/guessing/index.ts';
import { Identity, operatorNames } from './features/identity/index.ts';
import { buildPeople, LastUsed, type People } from './features/people/index.ts';
import { organizationRoutes, Organizations } from './features/organization/index.ts';
import { Overviews, overviewRoutes } from './features/overview/index.ts';
import { Connections, Door, PresenceWriter } from './features/presence/index.ts';
import { Provisioning, provisioningRoutes } from './features/provisioning/index.ts';
import { KeyRefusals, watchedAdmission, watchedKeys } from './features/refusals/index.ts';
import { Rotation, rotationRoutes } from './features/rotation/index.ts';
import { shadowRoutes, Shadows } from './features/shadow/index.ts';
import type { NetworkSet } from './http/addresses.ts';
import { type ClientAddresses, clientAddresses } from './http/client-address.ts';
import { limitedAuthenticator } from './http/limited-authenticator.ts';
import type { DashboardFiles } from './http/dashboard.ts';
import { buildHttp } from './http/server.ts';
import type { KeyRing } from './keyring/index.ts';
import { WrongCredentials } from './limits/wrong-credentials.ts';
import type { Logger } from './logging.ts';
import type { Mailer } from './mail/mailer.ts';
import { startPeriodicWork } from './periodic.ts';
import type { Database } from './storage/database.ts';
import { tunnelMetrics } from './tunnel/metrics.ts';
import { rotationTunnel } from './tunnel/offers.ts';
import { TunnelGateway } from './tunnel/gateway.ts';
import { SecurityWatch } from './tunnel/security-watch.ts';

/** How long a device may take to acknowledge its new desired state; nobody waits for it. */
const announceTimeoutMs = 30_000;

export interface CloudDeps {
  readonly version: string;
  readonly database: Database;
  readonly keyRing: KeyRing;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  readonly registry: Registry;
  readonly trustedProxies: NetworkSet;
  /** Beside the public internet, webhooks may be here. */
  readonly webhookNetworks?: NetworkSet;
  readonly bootstrapToken: string | undefined;
  readonly codeTtlSeconds: number;
  readonly codeGroups: number | undefined;
  readonly keyTtlDays: number;
  readonly caPem: () => string | undefined;
  /** SPKI pins that devices need; none when a public authority stands behind the certificate. */
  readonly pins: () => readonly string[];
  /** Where people and devices reach the cloud, without a slash at its end. Not asked before anybody listens. */
  readonly publicUrl: () => string;
  /** Left out: only the API is served. */
  readonly dashboard?: DashboardFiles;
  /** Undefined: this cloud sends no e-mail. */
  readonly mailer: Mailer | undefined;
  /** Tunnels that may wait to say who they are; the gateway's own bound when left out. */
  readonly strangersMax?: number;
}

export interface Cloud {
  readonly app: FastifyInstance;
  readonly identity: Identity;
  readonly people: People;
  /** Takes over the socket of an upgrade request to `/tunnel`. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Call before listening. Nothing runs before it. */
  start(): Promise<void>;
  /** Tunnels are closed with 1001 and what is in memory is written. Call once no request can come any more. */
  stop(): Promise<void>;
}

/** Everything wired together, with every effect as an argument. No side effects before `start()`. */
export async function buildCloud(deps: CloudDeps): Promise<Cloud> {
  const { database, logger } = deps;
  const report = (error: unknown): void => {
    logger.error({ err: error }, 'background work failed');
  };
  let phase: Phase = 'starting';
  const addresses = clientAddresses(deps.trustedProxies, logger);
  const parts = buildParts(deps, addresses, report);
  const { events, gateway, guessing, identity, lastUsed, people, presence, rotation, watch } = parts;
  const app = await buildHttp({
    onRefusal: (refusal) => void auditRefusal(database, refusal).catch(report),
    ...deps,
    addresses,
    authenticator: {
      ...limitedAuthenticator(identity, guessing.wrongTokens),
      authenticateSession: (token) => people.sessions.authenticate(token),
    },
    ...health(database, () => phase),
  });
  addRoutes(app, deps, parts, report);
  const alerts = buildAlerts(app, { ...deps, events, nextId: parts.nextId, onFailure: report });
  tunnelMetrics(deps.registry, gateway);
  guessingMetrics(deps.registry, guessing);
  cloneMetrics(deps.registry, parts.clones);
  let endPeriodicWork = (): Promise<void> => Promise.resolve();

  return {
    app,
    identity,
    people,
    upgrade: (request, socket, head) => {
      gateway.upgrade(request, socket, head);
    },
    async start() {
      await identity.start();
      await guessing.watch.start();
      const expected = await presence.start();
      if (expected > 0) logger.info({ devices: expected }, 'waiting for devices to reconnect');
      events.start();
      parts.refusals.start();
      alerts.start();
      parts.batches.worker.start();
      gateway.start();
      lastUsed.start();
      watch.start();
      endPeriodicWork = startPeriodicWork({ ...deps, ...parts, onFailure: report });
      await app.ready();
      phase = 'ok';
    },
    async stop() {
      phase = 'stopping';
      const periodicWork = endPeriodicWork();
      watch.stop();
      rotation.stop();
      await Promise.all([periodicWork, alerts.stop(), parts.batches.worker.stop(), parts.bulk.stop()]);
      events.stop();
      await presence.writeHeard();
      await gateway.stop();
      await presence.stop();
      await parts.refusals.stop();
      await guessing.watch.stop();
      await lastUsed.stop();
      await app.close();
    },
  };
}

interface Parts {
  readonly batches: Batches;
  readonly events: Events;
  readonly identity: Identity;
  readonly lastUsed: LastUsed;
  readonly people: People;
  readonly presence: PresenceWriter;
  readonly gateway: TunnelGateway;
  readonly watch: SecurityWatch;
  readonly rotation: Rotation;
  readonly guessing: Guessing;
  readonly clones: Clones;
  readonly refusals: KeyRefusals;
  readonly devices: Devices;
  readonly bulk: BulkChanges;
  readonly nextId: OrderedIds;
  /** Called after the commit of whatever may end open tunnels. */
  readonly securityChanged: (deviceIds: readonly string[]) => void;
}

/** What lives as long as the process and is known to more than one route. */
function buildParts(deps: CloudDeps, addresses: ClientAddresses, report: (error: unknown) => void): Parts {
  const { clock, database, keyTtlDays, logger, random, timers } = deps;
  const nextId = orderedIds(() => clock.now(), pooled(random).bytes);
  const events = new Events(database, timers, report);
  const lastUsed = new LastUsed(database, timers, report);
  const identity = new Identity(database, random, deps.bootstrapToken, (id, knownMs) => {
    lastUsed.note('token', id, knownMs, clock.now());
  });
  const people = buildPeople({ ...deps, identity, lastUsed });
  const guessing = buildGuessing(deps, events, identity, report);
  const refusals = new KeyRefusals({ clock, database, timers, events, onFailure: report });
  const connections = new Connections(database, timers, events);
  const door = new Door({
    ...{ database, timers, wrongKeys: guessing.wrongKeys },
    admit: async (request) => {
      const verdict = await connections.admit(request);
      if (verdict.kind === 'accepted') presence.arrived({ ...verdict, address: request.address });
      return verdict;
    },
  });
  const gateway: TunnelGateway = new TunnelGateway({
    ...{ clock, timers, random, logger },
    ...(deps.strangersMax === undefined ? {} : { strangersMax: deps.strangersMax }),
    clientAddress: (request) => addresses.of(request),
    admit: watchedAdmission(refusals, (request) => door.admit(request)),
    departed: (fact) => {
      presence.departed(fact);
    },
    departing: (deviceId) => presence.departing(deviceId),
    noticed: (sign) => {
      clones.noticed(sign);
    },
    connected: ({ deviceId, rotationWanted }) => {
      if (rotationWanted) rotation.deviceConnected(deviceId);
    },
  });
  const heard = (): ReturnType<TunnelGateway['heard']> => gateway.heard();
  const presence = new PresenceWriter({ database, timers, events, heard, onFailure: report });
  const watch: SecurityWatch = new SecurityWatch({
    ...{ database, timers, tunnels: gateway, onFailure: report },
    rotation: {
      wanted: (deviceId, wantedAtMs) => {
        rotation.wanted(deviceId, wantedAtMs);
      },
    },
  });
  const securityChanged = (deviceIds: readonly string[]): void => {
    watch.poke(deviceIds);
  };
  const clones = new Clones({
    ...{ database, events, logger, securityChanged, onFailure: report },
    quarantine: (tx, deviceId) => setLifecycle(tx, deviceId, 'quarantined'),
  });
  const tunnel = rotationTunnel(gateway);
  const shared = { clock, database, random, nextId, timers, events, keyTtlDays, securityChanged };
  const rotation = new Rotation({ ...shared, tunnel, onFailure: report });
  const batches = new Batches({ ...deps, events, nextId, onFailure: report });
  const devices = new Devices({ ...shared, live: gateway });
  const bulk = new BulkChanges({ ...shared, devices, onFailure: report });
  const guards = { guessing, watch, clones, refusals, securityChanged };
  const doing = { batches, bulk, devices, rotation };
  return { ...guards, ...doing, events, identity, lastUsed, people, presence, gateway, nextId };
}

/** What holds those who guess. */
interface Guessing {
  readonly budget: FailureBudget;
  readonly watch: GuessWatch;
  readonly wrongKeys: WrongCredentials;
  readonly wrongTokens: WrongCredentials;
}

function buildGuessing(
  deps: CloudDeps,
  events: Events,
  identity: Identity,
  onFailure: (error: unknown) => void,
): Guessing {
  const { clock, random } = deps;
  const budget = new FailureBudget(clock, random);
  const firstOrganization = (): string | undefined => identity.firstOrganizationId;
  return {
    budget,
    watch: new GuessWatch({ ...deps, budget, events, firstOrganization, onFailure }),
    wrongKeys: new WrongCredentials(clock, random),
    wrongTokens: new WrongCredentials(clock, random),
  };
}

function addRoutes(
  app: FastifyInstance,
  deps: CloudDeps,
  parts: Parts,
  report: (error: unknown) => void,
): void {
  const { database, timers } = deps;
  const { events, gateway, guessing, nextId, rotation, securityChanged } = parts;
  const shared = { ...deps, events, nextId, securityChanged };
  const announce = announcer(gateway, report);
  provisioningRoutes(app, new Provisioning({ ...shared, budget: guessing.budget }));
  const codes = new Codes(shared);
  const { bulk, devices } = parts;
  codeRoutes(app, codes);
  deviceRoutes(app, devices, timers);
  batchRoutes(app, parts.batches, new BatchExports(deps), timers);
  deviceFactRoutes(app, database, events);
  bulkRoutes(app, bulk);
  enrolmentRoutes(app, new Enrolments({ ...deps, codes, devices }));
  rotationRoutes(app, rotation);
  organizationRoutes(app, new Organizations(database));
  commandRoutes(app, new Commands(database, gateway));
  const keys = new KeyAuthenticator(database, timers, securityChanged, guessing.wrongKeys);
  shadowRoutes(app, new Shadows({ database, events, announce }), watchedKeys(parts.refusals, keys));
  eventRoutes(app, events, timers);
  auditRoutes(app, database, timers, { operators: operatorNames, devices: deviceNames });
  overviewRoutes(app, new Overviews(deps));
  parts.people.routes(app);
}

type Phase = 'starting' | 'ok' | 'stopping';

/** What the probes hear: health is the process, readiness is whether a request would be served. */
function health(
  database: Database,
  phase: () => Phase,
): Pick<Parameters<typeof buildHttp>[0], 'health' | 'readiness'> {
  return {
    health: () => ({ status: phase() }),
    readiness: async () => {
      if (phase() !== 'ok') return { status: phase() };
      try {
        await database.db.selectFrom('server_facts').select('name').limit(1).execute();
        return { status: 'ok', checks: { database: 'ok' } };
      } catch {
        return { status: 'failing', checks: { database: 'failing' } };
      }
    },
  };
}

/**
 * Sends a device its new desired state, if it is connected with a key that has not expired; whether it answers
 * concerns nobody here.
 */
function announcer(
  gateway: TunnelGateway,
  report: (error: unknown) => void,
): ConstructorParameters<typeof Shadows>[0]['announce'] {
  return (deviceId, { desired, version }) => {
    if (gateway.session(deviceId)?.restricted !== false) return;
    const payload = { desired, version };
    gateway.call(deviceId, { action: 'update_desired', payload, timeoutMs: announceTimeoutMs }).catch(report);
  };
}

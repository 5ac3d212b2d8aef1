import { listDevicesQuerySchema } from '@edgeflow/contract';
import { systemClock, systemTimers } from '@edgeflow/platform';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AlertIncidentRow } from '../storage/alert-tables.ts';
import type { Database, DatabaseKind, Tx } from '../storage/database.ts';
import { databaseKinds, makeDatabase, type TestDatabase } from '../storage/testing/databases.ts';
import { fullScans, planOf, recordStatements, type Statement } from '../storage/testing/plans.ts';
import { insertFleet } from '../testing/fleet.ts';
import { insertPeople, peoplePaths } from '../testing/people-paths.ts';
import { type HotPath, insertRecords, recordPaths } from '../testing/record-paths.ts';
import { SecurityWatch } from '../tunnel/security-watch.ts';
import { countStillExpiring, takeUpExpiring } from './alerts/expiring.ts';
import { countStillOffline, takeUpOffline } from './alerts/offline.ts';
import { claimDue, endWaiting } from './alerts/outbox.ts';
import { countLiveShortCodes } from './codes/store.ts';
import {
  activateCredentials,
  endCredentials,
  endRotationOffers,
  issueCredentials,
  livingCredentials,
  matchKeys,
  matchKeysById,
} from './credentials/store.ts';
import { dayMs } from './credentials/index.ts';
import { readConnections } from './device-facts/connections.ts';
import { readFacets } from './devices/facets.ts';
import { listDevices } from './devices/list.ts';
import { existingDevices } from './devices/store.ts';
import { endAbandoned, forgetConnections, recordArrivals, recordDepartures } from './presence/history.ts';
import { addCounts, onboardingSince } from './onboarding/store.ts';
import { causesSince } from './overview/failures.ts';
import { countKeys } from './overview/keys.ts';
import { countStatuses, countVersions, listSuspected, listUnableToRotate } from './overview/store.ts';
import { expectBack, giveUpWaiting, markOffline, markOnline, markSeen } from './presence/store.ts';
import { lockCodes, lockTargets, readCredentials, useCodes } from './provisioning/store.ts';
import { recordRefusals } from './refusals/store.ts';
import { noteCannotRotate, requestDueRotations } from './rotation/store.ts';

/** What runs for every device, or every moment, stays as fast as it is however large the fleet grows. */

const tables = [
  'devices',
  'device_connections',
  'credentials',
  'provisioning_codes',
  'audit_log',
  'onboarding_hours',
  'alert_deliveries',
  'code_words',
  'batch_rows',
  'users',
  'accounts',
  'members',
  'sessions',
  'verifications',
  'invitations',
  'operator_tokens',
];
const names = ['d00001', 'd00777', 'd20000'];
const hashes = names.map((name) => `hash of ${name}`);
const facts = names.map((deviceId) => ({ deviceId, epoch: 1, lastSeenAtMs: 1, reason: 'gone' }));
const arrivals = names.map((deviceId) => ({
  ...{ deviceId, organizationId: 'org', epoch: 900, address: '', atMs: 1 },
}));
const newcomers = names.map((deviceId) => ({ deviceId, address: '', version: null, history: '{}' }));

/** Indexes that come with a constraint; SQLite names them by their number, and lets nobody drop them. */
const constraints: Readonly<Record<string, { readonly table: string; readonly sqlite: string }>> = {
  users_pkey: { table: 'users', sqlite: 'sqlite_autoindex_users_1' },
  users_email_key: { table: 'users', sqlite: 'sqlite_autoindex_users_2' },
  accounts_user_id_provider_id_key: { table: 'accounts', sqlite: 'sqlite_autoindex_accounts_2' },
  members_pkey: { table: 'members', sqlite: 'sqlite_autoindex_members_1' },
  sessions_token_hash_key: { table: 'sessions', sqlite: 'sqlite_autoindex_sessions_2' },
  invitations_secret_hash_key: { table: 'invitations', sqlite: 'sqlite_autoindex_invitations_2' },
  operator_tokens_token_hash_key: { table: 'operator_tokens', sqlite: 'sqlite_autoindex_operator_tokens_2' },
  batch_rows_pkey: { table: 'batch_rows', sqlite: 'sqlite_autoindex_batch_rows_1' },
  code_words_pkey: { table: 'code_words', sqlite: 'PRIMARY KEY' },
  onboarding_hours_pkey: { table: 'onboarding_hours', sqlite: 'sqlite_autoindex_onboarding_hours_1' },
  devices_pkey: { table: 'devices', sqlite: 'sqlite_autoindex_devices_1' },
  device_connections_pkey: {
    table: 'device_connections',
    sqlite: 'sqlite_autoindex_device_connections_1',
  },
  credentials_pkey: { table: 'credentials', sqlite: 'sqlite_autoindex_credentials_1' },
  credentials_key_hash_key: { table: 'credentials', sqlite: 'sqlite_autoindex_credentials_2' },
  provisioning_codes_pkey: { table: 'provisioning_codes', sqlite: 'sqlite_autoindex_provisioning_codes_1' },
  provisioning_codes_code_hash_key: {
    table: 'provisioning_codes',
    sqlite: 'sqlite_autoindex_provisioning_codes_2',
  },
};

const credentialOf = (name: string) => ({
  ...{ id: `new key of ${name}`, organizationId: 'org', deviceId: name, keyHash: `new hash of ${name}` },
  ...({ origin: 'rotation', expiresAtMs: 2 ** 50, rotateAfterMs: 2 ** 50 } as const),
});

const hotPaths: readonly HotPath[] = [
  {
    name: 'a code by its hash',
    run: (tx) => lockCodes(tx, hashes),
    indexes: ['provisioning_codes_code_hash_key'],
  },
  {
    name: 'the use of codes',
    run: (tx) => useCodes(tx, redemptions()),
    indexes: ['provisioning_codes_pkey'],
  },
  { name: 'the devices of codes', run: (tx) => lockTargets(tx, names), indexes: ['devices_pkey'] },
  {
    name: 'the keys of codes',
    run: (tx) =>
      readCredentials(
        tx,
        names.map((name) => `key of ${name}`),
      ),
    indexes: ['credentials_pkey'],
  },
  {
    name: 'live short codes',
    run: (tx) => countLiveShortCodes(tx),
    indexes: ['codes_live'],
    // PostgreSQL then finds the living among the codes of each state.
    hasSubstitute: true,
  },
  {
    name: 'a key by its hash',
    run: (tx) => matchKeys(tx, hashes),
    indexes: ['credentials_key_hash_key', 'devices_pkey'],
  },
  {
    name: 'the keys of open tunnels, when they expire or change',
    read: (database) =>
      matchKeysById(
        database,
        names.map((name) => `key of ${name}`),
      ),
    indexes: ['credentials_pkey', 'devices_pkey'],
  },
  {
    name: 'devices whose key expires soon',
    read: (database) => list(database, { needs_key: 'true' }),
    indexes: ['credentials_live', 'devices_by_time'],
    hasSubstitute: true,
    only: 'sqlite',
  },
  {
    name: 'the first page of all devices',
    read: (database) => list(database, {}),
    indexes: ['devices_by_time', 'devices_pkey'],
    hasSubstitute: true,
  },
  {
    name: 'a page in the middle of all devices, oldest first',
    read: async (database) => {
      const { nextCursor } = await list(database, { order: 'asc', limit: 500 });
      await list(database, { order: 'asc', limit: 500, cursor: nextCursor ?? '' });
    },
    indexes: ['devices_by_time', 'devices_pkey'],
    hasSubstitute: true,
  },
  {
    name: 'the slices of a search, which SQLite goes through on the thread of heartbeats',
    read: (database) => list(database, { q: 'searched', tag: 'a', status: 'online', sort: 'name' }),
    indexes: ['devices_by_time'],
    hasSubstitute: true,
    only: 'sqlite',
  },
  {
    name: 'the slices of what devices can be narrowed down to',
    read: (database) => readFacets(scanned(database), 'org'),
    indexes: ['devices_by_time'],
    hasSubstitute: true,
    only: 'sqlite',
  },
  { name: 'living keys', run: (tx) => livingCredentials(tx, names), indexes: ['credentials_live'] },
  {
    name: 'a new key',
    run: (tx) => issueCredentials(tx, names.map(credentialOf), names),
    indexes: ['credentials_live'],
  },
  { name: 'the first use of keys', run: firstUse, indexes: ['credentials_live', 'devices_pkey'] },
  { name: 'the end of keys', run: (tx) => endCredentials(tx, 'd00777'), indexes: ['credentials_live'] },
  {
    name: 'the end of offers',
    run: (tx) => endRotationOffers(tx, 'd00777'),
    indexes: ['credentials_live'],
  },
  {
    name: 'an offer that was declined',
    run: (tx) => noteCannotRotate(tx, 'd00777', dayMs),
    indexes: ['credentials_live', 'devices_pkey'],
  },
  {
    name: 'rotations that are due',
    run: (tx) => requestDueRotations(tx, 100, dayMs),
    indexes: ['credentials_due', 'devices_pkey'],
  },
  {
    name: 'arrivals and departures in the history',
    run: async (tx) => {
      await recordArrivals(tx, arrivals);
      await recordDepartures(tx, facts);
      await endAbandoned(tx, names, 'gone');
    },
    indexes: ['device_connections_pkey'],
  },
  {
    name: 'connections that are forgotten',
    read: (database) => forgetConnections({ database, timers: systemTimers, isStopped: () => false }, 1, 100),
    indexes: ['device_connections_by_time'],
    only: 'sqlite',
  },
  {
    name: 'the connections of a device',
    read: (database) => readConnections(database, 'd00777', 2 ** 50, 50),
    indexes: ['device_connections_pkey'],
  },
  {
    name: 'devices that are named',
    read: (d) => existingDevices(d, 'org', names),
    indexes: ['devices_pkey'],
  },
  { name: 'arrivals', run: (tx) => markOnline(tx, newcomers), indexes: ['devices_pkey'] },
  { name: 'heartbeats', run: (tx) => markSeen(tx, facts), indexes: ['devices_pkey'] },
  { name: 'departures', run: (tx) => markOffline(tx, facts), indexes: ['devices_pkey'] },
  { name: 'who is expected back', run: (tx) => expectBack(tx, 'd00001', 500), indexes: ['devices_pkey'] },
  {
    name: 'who is given up',
    run: (tx) => giveUpWaiting(tx, 500, tx.nowMs),
    indexes: ['devices_by_presence'],
  },
  {
    name: 'devices by status',
    read: (database) => countStatuses(database, 'org'),
    indexes: ['devices_by_status'],
    hasSubstitute: true,
  },
  {
    name: 'devices by version',
    read: (database) => countVersions(database, 'org', 0),
    indexes: ['devices_by_version'],
    hasSubstitute: true,
  },
  {
    name: 'devices that cannot rotate',
    read: (database) => listUnableToRotate(database, 'org'),
    indexes: ['devices_cannot_rotate'],
  },
  {
    name: 'suspected clones',
    read: (database) => listSuspected(database, 'org'),
    indexes: ['devices_by_suspicion'],
    hasSubstitute: true,
  },
  {
    name: 'keys by expiry',
    hasSubstitute: true,
    read: async (database) => countKeys(database, 'org', await database.nowMs()),
    indexes: ['credentials_by_expiry', 'devices_pkey'],
  },
  {
    name: 'causes of failures',
    read: (database) => causesSince(database, 'org', 29_000),
    indexes: ['audit_refusals'],
    hasSubstitute: true,
  },
  {
    name: 'what became of the codes of a month',
    read: (database) => onboardingSince(database, 'org', 4_500 * 3_600_000),
    indexes: ['onboarding_hours_pkey'],
  },
  {
    name: 'what becomes of a code',
    run: (tx) => addCounts(tx, [{ organizationId: 'org', atMs: 3_600_000, step: 'made' }]),
    indexes: [],
  },
  {
    name: 'whose key was refused',
    run: (tx) =>
      recordRefusals(
        tx,
        names.map((deviceId) => ({ deviceId, code: 'key_rejected', address: '' })),
      ),
    indexes: ['devices_pkey'],
  },
  {
    name: 'devices that an alert rule takes up',
    run: (tx) =>
      takeUpOffline(tx, { ...alertRule, offline_edge_ms: tx.nowMs - 2 * dayMs }, { nextId: () => '' }),
    indexes: ['devices_offline'],
    hasSubstitute: true,
  },
  {
    name: 'devices of an outage',
    run: (tx) => countStillOffline(tx, alertRule, { ...incident, from_ms: 0, to_ms: 0 }),
    indexes: ['devices_offline'],
    hasSubstitute: true,
  },
  {
    name: 'keys that an alert rule takes up',
    run: (tx) => takeUpExpiring(tx, alertRule, { expiresAtMs: -1, deviceId: '' }, { nextId: () => '' }),
    indexes: ['credentials_by_expiry', 'devices_pkey'],
    hasSubstitute: true,
  },
  {
    name: 'keys of an incident',
    run: (tx) => countStillExpiring(tx, alertRule, incident),
    indexes: ['credentials_by_alert', 'devices_pkey'],
    hasSubstitute: true,
  },
  {
    name: 'messages that are due',
    run: (tx) => claimDue(tx, 10, ['ale d00001']),
    indexes: ['alert_deliveries_due'],
  },
  {
    name: 'messages that wait for an endpoint',
    run: (tx) => endWaiting(tx, 'ale d00777', 'gone'),
    indexes: ['alert_deliveries_by_endpoint'],
    hasSubstitute: true,
  },
  {
    name: 'what the security watch looks at twice a second',
    read: (database) => lookOnce(database),
    indexes: ['devices_by_security', 'devices_by_replacement'],
    only: 'postgres',
  },
  {
    name: 'what the security watch of one node looks at twice a second',
    read: (database) => lookOnce(database),
    indexes: ['devices_by_security'],
    only: 'sqlite',
  },
  ...recordPaths,
  ...peoplePaths,
];

function scanned(database: Database): Parameters<typeof listDevices>[0] {
  return { database, pause: () => Promise.resolve(), isGone: () => false };
}

function list(database: Database, query: Readonly<Record<string, string | number>>) {
  return listDevices(scanned(database), 'org', listDevicesQuerySchema.parse(query));
}

const alertRule = {
  ...{ id: 'rule', organization_id: 'org', device_group: '', offline_minutes: 60, key_days: 14 },
  ...{ endpoint_ids: null, created_at_ms: 0, offline_edge_ms: 0, swept_at_ms: 0, keys_swept_at_ms: 0 },
};
const incident: AlertIncidentRow = {
  ...{ id: 'incident', organization_id: 'org', rule_id: 'rule', device_group: '', condition: 'key_expiring' },
  ...{
    state: 'open',
    created_at_ms: 0,
    from_ms: 0,
    to_ms: 0,
    devices_joined: 1,
    devices_now: 1,
    messages: 0,
  },
  ...{ told_devices: 0, told_at_ms: null, resolved_at_ms: null },
};

function redemptions() {
  const nothing = { keyHash: '', claimantHash: null, address: '', hardwareInfo: '{}', networkInfo: '{}' };
  return names.map((name) => ({
    ...nothing,
    ...{ code: { id: `code ${name}` }, deviceId: name, credentialId: `key of ${name}`, keyExpiresAtMs: 1 },
  })) as unknown as Parameters<typeof useCodes>[1];
}

async function firstUse(tx: Tx): Promise<void> {
  await issueCredentials(tx, names.map(credentialOf), names);
  const issued = await livingCredentials(tx, names);
  await activateCredentials(
    tx,
    issued.filter(({ state }) => state === 'issued'),
  );
}

async function lookOnce(database: Database): Promise<void> {
  const { promise, reject, resolve } = Promise.withResolvers<undefined>();
  const watch = new SecurityWatch({
    ...{ database, timers: systemTimers, onFailure: reject },
    rotation: { wanted: () => undefined },
    tunnels: {
      admission: () => undefined,
      // Asked for once all has been read.
      admissions: () => {
        resolve(undefined);
        return [];
      },
      refuse: () => undefined,
      replacedElsewhere: () => undefined,
      keyChanged: () => undefined,
    },
  });
  watch.poke();
  await promise;
}

class RolledBack extends Error {}

/** Does the work in a transaction of which nothing remains. */
async function rolledBack(database: Database, work: (tx: Tx) => Promise<unknown>): Promise<void> {
  const done = database.transaction(async (tx) => {
    await work(tx);
    throw new RolledBack();
  });
  await done.catch((error: unknown) => {
    if (!(error instanceof RolledBack)) throw error;
  });
}

describe.each(databaseKinds)('query plans on %s', (kind) => {
  let store: TestDatabase;
  const paths = hotPaths.filter(({ only }) => only === undefined || only === kind);

  beforeAll(async () => {
    store = await makeDatabase(kind, systemClock);
    await insertFleet(store.database);
    await insertRecords(store.database);
    await insertPeople(store.database);
  }, 120_000);
  afterAll(() => store.discard());

  /** The statements of a hot path, as they are sent. */
  async function statementsOf({ read, run }: HotPath): Promise<Statement[]> {
    const { database, statements } = recordStatements(store.database, systemClock);
    await read?.(database);
    if (run !== undefined) await rolledBack(database, run);
    return statements;
  }

  async function plansOf(tx: Pick<Tx, 'kind' | 'db'>, statements: readonly Statement[]): Promise<string[]> {
    const plans: string[] = [];
    for (const statement of statements) plans.push(...(await planOf(tx, statement)));
    return plans;
  }

  /** What a hot path does wrong as the database is now: reads whole tables, does without an index. */
  async function wrong(path: HotPath, tx: Tx, statements: readonly Statement[]): Promise<string[]> {
    const plan = await plansOf(tx, statements);
    const missing = path.indexes.filter((index) => !plan.some((step) => step.includes(nameOf(kind, index))));
    const sorts =
      path.isOrdered === true ? plan.filter((step) => /TEMP B-TREE|^ *(-> *)?Sort\b/.test(step)) : [];
    return [...fullScans(plan, tables), ...missing.map((index) => `${index} is not used`), ...sorts];
  }

  it.each(paths)('find $name by index', async (path) => {
    const statements = await statementsOf(path);
    expect(statements.length).toBeGreaterThan(0);
    await rolledBack(store.database, async (tx) => {
      expect(await wrong(path, tx, statements)).toEqual([]);
    });
  });

  const droppable = new Set(
    paths.flatMap(({ indexes }) => indexes).filter((index) => isDroppable(kind, index)),
  );

  it.each([...droppable])('are found wrong without %s', async (index) => {
    const concerned = paths.filter(({ indexes }) => indexes.includes(index));
    const statements = new Map<HotPath, Statement[]>();
    for (const path of concerned) statements.set(path, await statementsOf(path));
    await rolledBack(store.database, async (tx) => {
      await dropIndex(tx, index);
      const read: string[] = [];
      for (const [path, sent] of statements) {
        const faults = await wrong(path, tx, sent);
        expect(faults, path.name).toContain(`${index} is not used`);
        read.push(...faults.filter((fault) => !fault.endsWith('is not used')));
      }
      if (!concerned.some(({ hasSubstitute }) => hasSubstitute)) expect(read).not.toEqual([]);
    });
  });
});

function nameOf(kind: DatabaseKind, index: string): string {
  return kind === 'sqlite' ? (constraints[index]?.sqlite ?? index) : index;
}

function isDroppable(kind: DatabaseKind, index: string): boolean {
  return kind === 'postgres' || constraints[index] === undefined;
}

async function dropIndex(tx: Tx, index: string): Promise<void> {
  const table = constraints[index]?.table;
  const drop =
    table === undefined ? `drop index ${index}` : `alter table ${table} drop constraint ${index} cascade`;
  await sql.raw(drop).execute(tx.db);
}

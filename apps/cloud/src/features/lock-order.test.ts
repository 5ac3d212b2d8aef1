import { makeId } from '@edgeflow/contract';
import { systemClock, systemRandom } from '@edgeflow/platform';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Database, type Tx } from '../storage/database.ts';
import { asksForRetry } from '../storage/failures.ts';
import { makeDatabase, type TestDatabase } from '../storage/testing/databases.ts';
import { eventuallyTrue } from '../testing/eventually.ts';
import { startTestCloud, type TestCloud } from '../testing/test-cloud.ts';
import { TestDevice } from '../testing/test-device.ts';
import { dayMs } from './credentials/index.ts';
import { Identity } from './identity/index.ts';
import { expectBack, giveUpWaiting, markOffline, markSeen } from './presence/store.ts';
import { requestDueRotations } from './rotation/store.ts';

/** Transactions of two nodes that change the same devices, each held up in the middle of its work by a third. */

/** Holds a device until told to let go; whoever wants it queues behind. */
async function hold(database: Database, id: string): Promise<() => Promise<void>> {
  const held = Promise.withResolvers<undefined>();
  const letGo = Promise.withResolvers<undefined>();
  const done = database.transaction(async (tx) => {
    await sql`select id from devices where id = ${id} ${tx.forUpdate}`.execute(tx.db);
    held.resolve(undefined);
    await letGo.promise;
  });
  await held.promise;
  return () => {
    letGo.resolve(undefined);
    return done;
  };
}

/** Until so many transactions of this database wait for a lock. */
function waiting(database: Database, count: number): Promise<void> {
  return eventuallyTrue(`${String(count)} wait for a lock`, async () => {
    const found = await sql<{ n: number }>`select count(*) as n from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`.execute(database.db);
    return found.rows[0]?.n === count;
  });
}

describe('whatever changes many devices at once on PostgreSQL', () => {
  const fleet = 60;
  /** The rows lie in the table the other way round: no plan that reads it finds them in the order of their ids. */
  const ids = Array.from({ length: fleet }, (_, index) => `dev_${String(index).padStart(4, '0')}`);
  let store: TestDatabase;
  let database: Database;

  beforeAll(async () => {
    store = await makeDatabase('postgres', systemClock);
    ({ database } = store);
    const identity = new Identity(database, systemRandom, undefined);
    await identity.start();
    const organization_id = await identity.createOrganization('fleet', null);
    const nothing = {
      tags: '[]',
      hardware_info: '{}',
      network_info: '{}',
      search_text: '',
      session_epoch: 1,
    };
    const old = {
      created_at_ms: 1,
      lifecycle_changed_at_ms: 1,
      lifecycle: 'active',
      origin: 'code',
    } as const;
    const presence = 'online' as const;
    const devices = ids.map((id) => ({ id, organization_id, presence, ...nothing, ...old })).reverse();
    await database.db.insertInto('devices').values(devices).execute();
    const life = { created_at_ms: 1, expires_at_ms: 2 ** 50, state: 'active', origin: 'code' } as const;
    // Those that waited longest come last by id.
    const keys = ids.map((id, index) => ({
      ...{ id: makeId('credential', systemRandom.bytes), organization_id, device_id: id, ...life },
      ...{ key_hash: `hash of ${id}`, rotate_after_ms: fleet - index },
    }));
    await database.db.insertInto('credentials').values(keys).execute();
    await sql`analyze`.execute(database.db);
  });
  afterAll(() => store.discard());

  const facts = ids.map((deviceId) => ({ deviceId, epoch: 1, lastSeenAtMs: 1, reason: 'gone' }));
  async function reset(presence: 'online' | 'reconnecting'): Promise<void> {
    const anew = { presence, presence_since_ms: 1, rotation_wanted_at_ms: null };
    await database.db.updateTable('devices').set(anew).execute();
  }

  /** Both wait for the device in the middle, holding what they have come by until then. */
  async function race(
    middle: string,
    one: (tx: Tx) => Promise<unknown>,
    other: (tx: Tx) => Promise<unknown>,
  ): Promise<void> {
    const letGo = await hold(database, middle);
    const first = database.transaction(one);
    await waiting(database, 1);
    const second = database.transaction(other);
    await waiting(database, 2);
    await Promise.all([letGo(), first, second]);
  }

  const work = {
    heartbeats: (tx: Tx) => markSeen(tx, facts),
    departures: (tx: Tx) => markOffline(tx, [...facts].reverse()),
    'the sweep for due rotations': (tx: Tx) => requestDueRotations(tx, fleet, dayMs),
    'the end of waiting': (tx: Tx) => giveUpWaiting(tx, fleet, tx.nowMs),
    'the start of a node': (tx: Tx) => expectBack(tx, '', fleet),
  };
  type Work = keyof typeof work;

  it.each<[Work, Work, 'online' | 'reconnecting']>([
    ['the sweep for due rotations', 'heartbeats', 'online'],
    ['the sweep for due rotations', 'departures', 'online'],
    ['the end of waiting', 'heartbeats', 'reconnecting'],
    ['the end of waiting', 'the sweep for due rotations', 'reconnecting'],
    ['the start of a node', 'heartbeats', 'online'],
    ['the start of a node', 'the sweep for due rotations', 'online'],
    ['departures', 'heartbeats', 'online'],
  ])('%s and %s never wait for each other in a ring', async (one, other, presence) => {
    for (let round = 1; round < 20; round += 1) {
      const middle = ids[round * 3] ?? '';
      await reset(presence);
      await race(middle, work[one], work[other]);
      await reset(presence);
      await race(middle, work[other], work[one]);
    }
  });
});

/** Remembers the transactions that the database gave up in favour of others. */
class WatchedDatabase extends Database {
  readonly victims: unknown[] = [];

  override async transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    try {
      return await super.transaction(work);
    } catch (error) {
      if (asksForRetry(error)) this.victims.push(error);
      throw error;
    }
  }
}

describe('an offered key on PostgreSQL', () => {
  let cloud: TestCloud;
  let watched: WatchedDatabase;
  beforeAll(async () => {
    cloud = await startTestCloud('postgres', {}, ({ db, kind }, time) => {
      watched = new WatchedDatabase(kind, db, time);
      return watched;
    });
  });
  afterAll(() => cloud.discard());

  it('may be declined and used at the same moment', async () => {
    const identity = await cloud.owner.call('createDevice', 201, { body: {} });
    const id = identity.device_id;
    const device = await TestDevice.connect(cloud.origin, identity);
    await cloud.owner.call('rotateKey', 202, { id, body: {} });
    const offer = await device.next('command');
    const { api_key } = offer['payload'] as { readonly api_key: string };

    const letGo = await hold(cloud.database, id);
    const next = await TestDevice.open(cloud.origin);
    next.sayConnect({ device_id: id, api_key });
    await waiting(cloud.database, 1);
    device.say({ type: 'response', id: offer['id'], status: 'error' });
    await waiting(cloud.database, 2);
    await letGo();
    await next.next('connected');
    // The device is told of what it has declined; only then everything about it is done.
    await eventuallyTrue('the answer is dealt with', async () => {
      const found = await sql<{ n: number }>`select count(*) as n from pg_stat_activity
        where datname = current_database() and state like '%transaction%'`.execute(cloud.database.db);
      return found.rows[0]?.n === 0;
    });
    expect(watched.victims).toEqual([]);
    expect((await cloud.owner.call('readDevice', 200, { id })).key?.rotation_pending).toBe(false);
    for (const one of [device, next]) one.socket.terminate();
  });
});

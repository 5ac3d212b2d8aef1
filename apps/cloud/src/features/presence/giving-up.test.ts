import { setImmediate } from 'node:timers/promises';
import type { Clock } from '@edgeflow/platform';
import { SimulatedTime } from '@edgeflow/platform/simulated';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Database, type Tx } from '../../storage/database.ts';
import { databaseKinds, makeDatabase, type TestDatabase } from '../../storage/testing/databases.ts';
import { Events } from '../events/index.ts';
import type { SeenFact } from './store.ts';
import { PresenceWriter } from './write-behind.ts';

const second = 1_000;
const hour = 3_600;
const id = 'dev_lost';
const organizationId = 'org';

/** A database whose clock is the test's, also that of PostgreSQL, and that can be out of reach. */
class HandDatabase extends Database {
  isAway = false;
  readonly #clock: Clock;
  readonly #open = new Set<Promise<unknown>>();

  constructor({ db, kind }: Database, clock: Clock) {
    super(kind, db, clock);
    this.#clock = clock;
  }

  override nowMs(): Promise<number> {
    return Promise.resolve(this.#clock.now());
  }

  override transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    if (this.isAway) return Promise.reject(new Error('the database is away'));
    const done = super.transaction((tx) => work({ ...tx, nowMs: this.#clock.now() }));
    this.#open.add(done);
    return done.finally(() => this.#open.delete(done));
  }

  /** Resolves once all that has begun, and what follows from it, is written. */
  async idle(): Promise<void> {
    while (this.#open.size > 0) {
      await Promise.allSettled(this.#open);
      await setImmediate();
    }
  }
}

/** The device was connected to a node that crashed, unless a test says otherwise. */
describe.each(databaseKinds)('a device that is waited for by nodes on one %s', (kind) => {
  let time: SimulatedTime;
  let store: TestDatabase;
  let database: HandDatabase;
  let failures: unknown[];
  const running = new Set<PresenceWriter>();

  beforeEach(async () => {
    time = new SimulatedTime();
    failures = [];
    store = await makeDatabase(kind, time);
    database = new HandDatabase(store.database, time);
    const { db } = database;
    const organization = { id: organizationId, name: 'org', device_count: 0, created_at_ms: 1 };
    await db.insertInto('organizations').values(organization).execute();
    const texts = { tags: '[]', hardware_info: '{}', network_info: '{}', search_text: '' };
    const life = {
      lifecycle: 'active',
      origin: 'code',
      created_at_ms: 1,
      lifecycle_changed_at_ms: 1,
    } as const;
    const presence = { presence: 'online', presence_since_ms: 1, session_epoch: 1 } as const;
    const device = { id, organization_id: organizationId, ...texts, ...life, ...presence };
    await db.insertInto('devices').values(device).execute();
  });
  afterEach(async () => {
    for (const node of running) await stop(node);
    await store.discard();
  });

  async function startNode(heard: readonly SeenFact[] = []): Promise<PresenceWriter> {
    const report = (error: unknown): void => void failures.push(error);
    const events = new Events(database, time, report);
    const node = new PresenceWriter({
      ...{ database, timers: time, events, onFailure: report },
      heard: () => heard.map((fact) => ({ ...fact, lastSeenAtMs: time.now() })),
    });
    running.add(node);
    await node.start();
    return node;
  }

  async function stop(node: PresenceWriter): Promise<void> {
    running.delete(node);
    await node.stop();
  }

  /** Time passes, and all that falls due is written before more of it does. */
  async function pass(seconds: number): Promise<void> {
    for (let passed = 0; passed < seconds; passed += 1) {
      await time.advance(second);
      await database.idle();
    }
  }

  async function presence(): Promise<string> {
    const row = database.db.selectFrom('devices').select('presence').where('id', '=', id);
    return (await row.executeTakeFirstOrThrow()).presence;
  }

  async function setPresence(value: 'online' | 'offline'): Promise<void> {
    await database.db.updateTable('devices').set({ presence: value }).where('id', '=', id).execute();
  }

  async function offlineEvents(): Promise<number> {
    const rows = database.db.selectFrom('events').select('type').where('type', '=', 'device.offline');
    return (await rows.execute()).length;
  }

  it('is given up once by the node that stays, while another starts again and again and stays away', async () => {
    await startNode();
    for (let times = 0; times < 5; times += 1) {
      const other = await startNode();
      await pass(15);
      await stop(other);
      await pass(2);
    }
    // For 85 seconds so far.
    expect(await presence()).toBe('reconnecting');
    await pass(5);
    expect(await presence()).toBe('offline');
    await pass(300);
    expect(await offlineEvents()).toBe(1);
  });

  it('is given up by another node than the one that began to wait, had that started once or often', async () => {
    await setPresence('offline');
    await startNode();
    await pass(hour);
    await setPresence('online');
    for (let times = 0; times < 5; times += 1) {
      await stop(await startNode());
      await pass(28);
    }
    // 90 seconds, and those for which it may have been connected until the heartbeats were written.
    await pass(9);
    expect(await presence()).toBe('reconnecting');
    await pass(31);
    expect(await presence()).toBe('offline');
    await pass(300);
    expect(await offlineEvents()).toBe(1);
  });

  it('stays online at its node, however often another one starts', async () => {
    await startNode([{ deviceId: id, epoch: 1, lastSeenAtMs: 0 }]);
    for (let times = 0; times < 30; times += 1) {
      await pass(13);
      const other = await startNode();
      expect(await presence()).toBe('reconnecting');
      await pass(20);
      await stop(other);
    }
    await pass(60);
    expect(await presence()).toBe('online');
    expect(await offlineEvents()).toBe(0);
  });

  it('has 90 seconds to come to the first node that stays, however long it has been waited for', async () => {
    for (let times = 0; times < 10; times += 1) {
      const node = await startNode();
      await pass(60);
      await stop(node);
    }
    await pass(hour);
    await startNode();
    await pass(89);
    expect(await presence()).toBe('reconnecting');
    await pass(1);
    expect(await presence()).toBe('offline');
    expect(await offlineEvents()).toBe(1);
  });

  it('is given up by the next attempt where one has failed', async () => {
    await startNode();
    await pass(80);
    database.isAway = true;
    await pass(30);
    database.isAway = false;
    expect(failures).toHaveLength(1);
    expect(await presence()).toBe('reconnecting');
    await pass(10);
    expect(await presence()).toBe('offline');
    expect(await offlineEvents()).toBe(1);
  });

  it.each([1, 100])('is left alone by a node that stopped %d seconds after its start', async (seconds) => {
    const node = await startNode();
    await pass(seconds);
    await stop(node);
    expect(time.pendingCount).toBe(0);
  });
});

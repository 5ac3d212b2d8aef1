import { SimulatedTime } from '@edgeflow/platform/simulated';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { databaseKinds, makeDatabase, type TestDatabase } from '../../storage/testing/databases.ts';
import { Events } from '../events/index.ts';
import type { SeenFact } from './store.ts';
import { PresenceWriter } from './write-behind.ts';

const organizationId = 'org';
const devices = 40;
const ids = Array.from({ length: devices }, (_, n) => `dev_${String(n)}`);
/** Of which the database knows no device: it refuses its connections. */
const bad = 'dev_unknown';

describe.each(databaseKinds)('presence that is written behind on %s', (kind) => {
  let store: TestDatabase;
  let failures: Error[];
  let heard: SeenFact[];
  let writer: PresenceWriter;

  beforeEach(async () => {
    const timers = new SimulatedTime();
    store = await makeDatabase(kind, timers);
    const { database } = store;
    failures = [];
    heard = [];
    const organization = { id: organizationId, name: 'org', device_count: 0, created_at_ms: 1 };
    await database.db.insertInto('organizations').values(organization).execute();
    const texts = { tags: '[]', hardware_info: '{}', network_info: '{}', search_text: '' };
    const life = {
      lifecycle: 'active',
      origin: 'code',
      created_at_ms: 1,
      lifecycle_changed_at_ms: 1,
    } as const;
    const presence = {
      presence: 'online',
      presence_since_ms: 1,
      session_epoch: 1,
      last_seen_at_ms: 1,
    } as const;
    const rows = ids.map((id) => ({ id, organization_id: organizationId, ...texts, ...life, ...presence }));
    await database.db.insertInto('devices').values(rows).execute();
    const onFailure = (error: unknown): void => void failures.push(error as Error);
    const events = new Events(database, timers, onFailure);
    writer = new PresenceWriter({ database, timers, events, heard: () => heard.splice(0), onFailure });
  });
  afterEach(() => store.discard());

  const arrive = (deviceId: string, epoch = 1): void => {
    writer.arrived({ deviceId, organizationId, epoch, address: '192.0.2.1', atMs: 5 });
  };
  const depart = (deviceId: string, lastSeenAtMs = 7): void => {
    writer.departed({ deviceId, epoch: 1, lastSeenAtMs, reason: 'gone' });
  };

  async function connections(): Promise<string[]> {
    const rows = await store.database.db
      .selectFrom('device_connections')
      .selectAll()
      .where('close_reason', '=', 'gone')
      .execute();
    return rows.map((row) => row.device_id);
  }

  it('is held up by nothing that the database refuses: that alone is left out, and said once', async () => {
    for (const [n, id] of ids.entries()) {
      if (n === 17) arrive(bad);
      arrive(id);
      depart(id);
    }
    await writer.stop();
    expect((await connections()).sort()).toEqual(ids.toSorted());
    expect(failures.map(({ message }) => message)).toEqual([
      `the database refuses what became of connection 1 of ${bad}`,
    ]);
    expect(failures[0]?.cause).toBeInstanceOf(Error);
    expect(writer.departing(ids[0] ?? '')).toBeUndefined();
    await writer.stop();
    expect(failures).toHaveLength(1);
  });

  it('knows the end of a connection whose arrival had to wait for the next transaction', async () => {
    const [many = '', last = ''] = ids;
    for (let epoch = 1; epoch <= 501; epoch += 1) arrive(many, epoch);
    arrive(last);
    depart(last);
    await writer.stop();
    expect(await connections()).toEqual([last]);
    expect(failures).toEqual([]);
  });

  it('is kept for later while the database is out of reach', async () => {
    const [id = ''] = ids;
    arrive(id);
    depart(id);
    const transaction = store.database.transaction.bind(store.database);
    store.database.transaction = () => Promise.reject(new Error('the database is away'));
    await writer.stop();
    expect([await connections(), writer.departing(id), failures.length]).toEqual([[], 1, 1]);
    store.database.transaction = transaction;
    await writer.stop();
    expect([await connections(), writer.departing(id), failures.length]).toEqual([[id], undefined, 1]);
  });

  // SQLite takes any number.
  it.runIf(kind === 'postgres')(
    'knows when each other device was heard, whatever is wrong with one',
    async () => {
      heard = ids.map((deviceId, n) => ({ deviceId, epoch: 1, lastSeenAtMs: n === 3 ? 0.5 : 9 }));
      await writer.writeHeard();
      const rows = await store.database.db.selectFrom('devices').select(['id', 'last_seen_at_ms']).execute();
      expect(rows.filter((row) => row.last_seen_at_ms !== 9)).toEqual([{ id: ids[3], last_seen_at_ms: 1 }]);
      expect(failures).toHaveLength(1);
    },
  );
});

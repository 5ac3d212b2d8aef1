import { systemClock } from '@edgeflow/platform';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CheckedRing, checkKeyRing, countDevices, isEmpty, WrongKeyRingError } from './key-check.ts';
import { databaseKinds, makeDatabase, type TestDatabase } from './testing/databases.ts';

/** A ring whose check values tell its keys apart. */
function ring(keys: Readonly<Record<string, string>>): CheckedRing {
  return { ids: Object.keys(keys), checkValue: (id) => `check of ${keys[id] ?? ''}` };
}

describe.each(databaseKinds)('the check of the key ring on %s', (kind) => {
  let store: TestDatabase;
  beforeEach(async () => {
    store = await makeDatabase(kind, systemClock);
  });
  afterEach(() => store.discard());

  async function addOrganization(id: string, deviceCount: number): Promise<void> {
    const row = { id, name: id, device_limit: null, device_count: deviceCount, created_at_ms: 1 };
    await store.database.db.insertInto('organizations').values(row).execute();
  }

  function facts(): Promise<{ name: string; value: string }[]> {
    return store.database.db.selectFrom('server_facts').selectAll().orderBy('name').execute();
  }

  it('notes the keys of a new database, and accepts them from then on', async () => {
    await checkKeyRing(store.database, ring({ k1: 'one' }));
    await addOrganization('org_1', 0);
    await checkKeyRing(store.database, ring({ k1: 'one' }));
    expect(await facts()).toEqual([{ name: 'server_key_check:k1', value: 'check of one' }]);
  });

  it('notes a key that was added to the ring', async () => {
    await checkKeyRing(store.database, ring({ k1: 'one' }));
    await addOrganization('org_1', 0);
    await checkKeyRing(store.database, ring({ k2: 'two', k1: 'one' }));
    expect((await facts()).map(({ name }) => name)).toEqual(['server_key_check:k1', 'server_key_check:k2']);
    await expect(checkKeyRing(store.database, ring({ k1: 'one', k2: 'other' }))).rejects.toThrow(
      'The key "k2"',
    );
  });

  it('refuses another key under a known id, and keeps what it noted', async () => {
    await checkKeyRing(store.database, ring({ k1: 'one' }));
    await addOrganization('org_1', 0);
    const checking = checkKeyRing(store.database, ring({ k1: 'other', k2: 'two' }));
    await expect(checking).rejects.toThrow(/The key "k1" is not the right one.*EDGEFLOW_CLOUD_SECRET_FILE/s);
    expect(await facts()).toEqual([{ name: 'server_key_check:k1', value: 'check of one' }]);
  });

  it('refuses a ring that lacks a key which rows were made with', async () => {
    await checkKeyRing(store.database, ring({ k1: 'one', k2: 'two' }));
    await expect(checkKeyRing(store.database, ring({ k2: 'two' }))).rejects.toThrow('lacks the key "k1"');
  });

  it('refuses any ring for a database that has rows and no check value', async () => {
    await addOrganization('org_1', 0);
    const checking = checkKeyRing(store.database, ring({ k1: 'one' }));
    await expect(checking).rejects.toBeInstanceOf(WrongKeyRingError);
    expect(await facts()).toEqual([]);
  });

  it('lets several nodes start at once on one new database', async () => {
    await Promise.all(Array.from({ length: 5 }, () => checkKeyRing(store.database, ring({ k1: 'one' }))));
    expect(await facts()).toHaveLength(1);
  });

  it('calls a database empty until it has an organization, and counts the devices of all of them', async () => {
    expect(await isEmpty(store.database)).toBe(true);
    expect(await countDevices(store.database)).toBe(0);
    await addOrganization('org_1', 3);
    await addOrganization('org_2', 4);
    expect(await isEmpty(store.database)).toBe(false);
    expect(await countDevices(store.database)).toBe(7);
  });
});

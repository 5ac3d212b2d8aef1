import { makeId, orderedIds } from '@edgeflow/contract';
import { systemClock, systemRandom, systemTimers } from '@edgeflow/platform';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database, Tx } from '../../storage/database.ts';
import { databaseKinds, makeDatabase, type TestDatabase } from '../../storage/testing/databases.ts';
import { Devices } from '../devices/index.ts';
import { Events } from '../events/index.ts';
import { Identity, operatorOf } from '../identity/index.ts';
import { authenticateKeys } from './authenticate.ts';
import { hashApiKey, keyLife } from './key-life.ts';
import { issueCredentials, livingCredentials } from './store.ts';

describe.each(databaseKinds)('the first use of a key on %s', (kind) => {
  let store: TestDatabase;
  let database: Database;
  let organizationId: string;

  beforeAll(async () => {
    store = await makeDatabase(kind, systemClock);
    ({ database } = store);
    const identity = new Identity(database, systemRandom, undefined);
    await identity.start();
    organizationId = await identity.createOrganization('test', null);
  });
  afterAll(() => store.discard());

  /** A device with the key that it was made with, never used. */
  async function makeDevice(): Promise<{ id: string; firstKey: string }> {
    const random = systemRandom;
    const events = new Events(database, systemTimers, () => undefined);
    const live = { lastHeardMs: () => undefined };
    const securityChanged = (): void => undefined;
    const nextId = orderedIds(Date.now, random.bytes);
    const devices = new Devices({
      ...{ database, random, timers: systemTimers, clock: systemClock, nextId, events, live },
      ...{ keyTtlDays: 365, securityChanged },
    });
    const caller = { kind: 'operator', id: 'test', organizationId, role: 'owner', label: 'test' } as const;
    const operator = operatorOf({ caller, address: '127.0.0.1', requestId: 'req_1' });
    const made = await devices.create(operator, { tags: [] });
    return { id: made.device_id, firstKey: made.api_key };
  }

  function issue(tx: Tx, deviceId: string, key: string): Promise<void> {
    const id = makeId('credential', systemRandom.bytes);
    const life = keyLife(tx.nowMs, 365, systemRandom);
    const credential = {
      id,
      organizationId,
      deviceId,
      keyHash: hashApiKey(key),
      origin: 'rotation',
      ...life,
    } as const;
    return issueCredentials(tx, [credential], [deviceId]);
  }

  async function present(deviceId: string, key: string): Promise<string> {
    const presented = { deviceId, keyHash: hashApiKey(key), address: '203.0.113.7' };
    const { verdicts } = await database.transaction((tx) => authenticateKeys(tx, [presented]));
    return verdicts[0]?.kind ?? 'none';
  }

  it('never ends the old key for one that a newer offer has just replaced', async () => {
    const { firstKey, id: deviceId } = await makeDevice();
    expect(await present(deviceId, firstKey)).toBe('accepted');
    await database.transaction((tx) => issue(tx, deviceId, `${deviceId}-1`));

    // The newer offer holds the device while the key before it is presented.
    let presented: Promise<string> = Promise.resolve('');
    await database.transaction(async (tx) => {
      await tx.db
        .updateTable('devices')
        .set({ rotation_wanted_at_ms: tx.nowMs })
        .where('id', '=', deviceId)
        .execute();
      presented = present(deviceId, `${deviceId}-1`);
      await issue(tx, deviceId, `${deviceId}-2`);
    });
    expect(await presented).toBe('refused');
    const living = await livingCredentials(database, [deviceId]);
    expect(living.map(({ state }) => state).sort()).toEqual(['active', 'issued']);
    expect(await present(deviceId, firstKey)).toBe('accepted');
    expect(await present(deviceId, `${deviceId}-2`)).toBe('accepted');
    expect(await present(deviceId, firstKey)).toBe('refused');
  });
});

import { systemRandom, systemTimers } from '@edgeflow/platform';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WrongCredentials, wrongCredentialsMax } from '../../limits/wrong-credentials.ts';
import { databaseKinds } from '../../storage/testing/databases.ts';
import { MortalDatabase } from '../../storage/testing/mortal-database.ts';
import { startTestCloud, type TestCloud } from '../../testing/test-cloud.ts';
import { hashApiKey } from '../credentials/index.ts';
import { Events } from '../events/index.ts';
import { type ConnectionRequest, Connections, type ConnectionVerdict } from './connections.ts';
import { Door } from './door.ts';

const burst = 1_500;
/** Looks at so many keys share a transaction. */
const looksPerBatch = 256;

describe.each(databaseKinds)('a burst of wrong keys that name one device, on %s', (kind) => {
  let cloud: TestCloud;
  let database: MortalDatabase;
  let door: Door;
  /** Key hashes in the order in which they have been sent to the queue of their device. */
  let queued: string[];

  beforeEach(async () => {
    cloud = await startTestCloud(kind, {}, (real, time) => (database = new MortalDatabase(real, time)));
    queued = [];
    const events = new Events(database, systemTimers, () => undefined);
    const connections = new Connections(database, systemTimers, events);
    door = new Door({
      ...{ database, timers: systemTimers },
      wrongKeys: new WrongCredentials(cloud.time, systemRandom),
      admit: (request) => {
        queued.push(request.keyHash);
        return connections.admit(request);
      },
    });
  });
  afterEach(() => cloud.discard());

  /** A request of a new device with its right key. */
  async function makeRequest(): Promise<ConnectionRequest> {
    const { api_key, device_id } = await cloud.owner.call('createDevice', 201, { body: {} });
    return {
      ...{ deviceId: device_id, keyHash: hashApiKey(api_key), address: '203.0.113.7', version: null },
      ...{ instance: null, boot: null, here: undefined },
    };
  }

  /** What becomes of so many wrong keys that come at once. */
  function knock(right: ConnectionRequest, count: number): Promise<ConnectionVerdict[]> {
    const wrong = Array.from({ length: count }, (_, index) =>
      door.admit({ ...right, keyHash: hashApiKey(`wrong ${String(index)}`), address: '198.51.100.1' }),
    );
    return Promise.all(wrong);
  }

  it('lets the right key that comes behind it in after one of them, and a few looks that they share', async () => {
    const right = await makeRequest();
    const transactionsMax = 10_000;
    database.left = transactionsMax;
    const wrong = knock(right, burst);
    expect(await door.admit(right)).toMatchObject({ kind: 'accepted', deviceId: right.deviceId });
    // The looks at all of them, the admission of the first, and that of the right one: not one transaction each.
    expect(transactionsMax - database.left).toBeLessThanOrEqual(Math.ceil((burst + 1) / looksPerBatch) + 2);
    expect(queued).toEqual([hashApiKey('wrong 0'), right.keyHash]);
    const codes = (await wrong).map((verdict) => (verdict.kind === 'refused' ? verdict.code : 'accepted'));
    expect(codes.filter((code) => code === 'key_rejected')).toHaveLength(wrongCredentialsMax);
    expect(codes.filter((code) => code === 'too_many_attempts')).toHaveLength(burst - wrongCredentialsMax);
    expect(queued).toHaveLength(2);
  });

  it('leaves no trace: what comes after it is not looked at twice', async () => {
    const right = await makeRequest();
    await knock(right, 20);
    const transactionsMax = 10;
    database.left = transactionsMax;
    expect(await door.admit(right)).toMatchObject({ kind: 'accepted' });
    expect(transactionsMax - database.left).toBe(1);
  });

  if (kind === 'postgres') {
    it('is answered while somebody holds the row of the device, whose right keys are looked at with it', async () => {
      const [right, other] = [await makeRequest(), await makeRequest()];
      const held = Promise.withResolvers<undefined>();
      const isHeld = Promise.withResolvers<undefined>();
      const holding = database.transaction(async (tx) => {
        await sql`select id from devices where id = ${right.deviceId} ${tx.forUpdate}`.execute(tx.db);
        isHeld.resolve(undefined);
        await held.promise;
      });
      await isHeld.promise;
      const waiting = [door.admit(right), door.admit(right)];
      const refused = await knock(right, 300);
      expect(refused.every((verdict) => verdict.kind === 'refused')).toBe(true);
      // Nor does another device's key, in the name of this one, wait for anybody.
      expect(await door.admit({ ...right, keyHash: other.keyHash })).toMatchObject({ code: 'key_rejected' });
      held.resolve(undefined);
      await holding;
      expect(await Promise.all(waiting)).toMatchObject([{ kind: 'accepted' }, { kind: 'accepted' }]);
    });
  }
});

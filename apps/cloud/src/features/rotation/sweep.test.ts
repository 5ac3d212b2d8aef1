import { makeId } from '@edgeflow/contract';
import { systemRandom } from '@edgeflow/platform';
import { SeededRandom, SimulatedTime } from '@edgeflow/platform/simulated';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Tx } from '../../storage/database.ts';
import { databaseKinds, makeDatabase, type TestDatabase } from '../../storage/testing/databases.ts';
import { dayMs, keyLife } from '../credentials/index.ts';
import { Identity } from '../identity/index.ts';
import { requestDueRotations } from './store.ts';

const fleet = 3_000;
const atOnce = 1_000;
const keyTtlDays = 365;
const sweepLimit = 100;

describe.each(databaseKinds)('a fleet whose keys were all made on one day, on %s', (kind) => {
  let store: TestDatabase;
  let organizationId: string;

  beforeAll(async () => {
    store = await makeDatabase(kind, new SimulatedTime(Date.now()));
    const identity = new Identity(store.database, systemRandom, undefined);
    await identity.start();
    organizationId = await identity.createOrganization('fleet', null);
    const random = new SeededRandom(11);
    // The cloud was down while the whole window of their keys went by: 25 of the 30 days before they expire.
    const madeAtMs = (await store.database.nowMs()) - (keyTtlDays - 5) * dayMs;
    for (let made = 0; made < fleet; made += atOnce) {
      await store.database.transaction((tx) => insertFleet(tx, madeAtMs, random));
    }
  }, 120_000);
  afterAll(() => store.discard());

  async function insertFleet(tx: Tx, madeAtMs: number, random: SeededRandom): Promise<void> {
    const ids = Array.from({ length: atOnce }, () => makeId('device', random.bytes));
    const nothing = { tags: '[]', hardware_info: '{}', network_info: '{}', search_text: '' };
    const life = { created_at_ms: madeAtMs, lifecycle_changed_at_ms: madeAtMs, session_epoch: 1 };
    for (let from = 0; from < atOnce; from += 200) {
      const some = ids.slice(from, from + 200);
      const origin = { organization_id: organizationId, lifecycle: 'active', origin: 'operator' } as const;
      await tx.db
        .insertInto('devices')
        .values(some.map((id) => ({ id, ...origin, ...nothing, ...life, presence: 'online' as const })))
        .execute();
      await tx.db
        .insertInto('credentials')
        .values(
          some.map((deviceId) => {
            const { expiresAtMs, rotateAfterMs } = keyLife(madeAtMs, keyTtlDays, random);
            return {
              id: makeId('credential', random.bytes),
              organization_id: organizationId,
              device_id: deviceId,
              key_hash: Buffer.from(random.bytes(32)).toString('hex'),
              origin: 'operator' as const,
              state: 'active' as const,
              created_at_ms: madeAtMs,
              expires_at_ms: expiresAtMs,
              rotate_after_ms: rotateAfterMs,
            };
          }),
        )
        .execute();
    }
  }

  it('is asked to rotate a hundred a minute after an outage, and all of it before a key expires', async () => {
    const asked = new Set<string>();
    let sweeps = 0;
    for (;;) {
      const some = await store.database.transaction((tx) => requestDueRotations(tx, sweepLimit, dayMs));
      if (some.length === 0) break;
      sweeps += 1;
      expect(some.length).toBeLessThanOrEqual(sweepLimit);
      for (const id of some) asked.add(id);
    }
    expect(asked.size).toBe(fleet);
    // One sweep a minute: half an hour, and five days are left.
    expect(sweeps).toBe(fleet / sweepLimit);
  }, 120_000);
});

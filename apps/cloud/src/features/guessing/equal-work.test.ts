import { isDeepStrictEqual } from 'node:util';
import { makeProvisioningCode } from '@edgeflow/contract';
import { systemRandom } from '@edgeflow/platform';
import { SimulatedTime } from '@edgeflow/platform/simulated';
import type { KyselyPlugin } from 'kysely';
import { describe, expect, it } from 'vitest';
import { KeyRing } from '../../keyring/index.ts';
import { Database } from '../../storage/database.ts';
import { databaseKinds, makeDatabase } from '../../storage/testing/databases.ts';
import { eventuallyTrue } from '../../testing/eventually.ts';
import { bootstrapToken, cloudDeps } from '../../testing/test-cloud.ts';
import { buildCloud } from '../../cloud.ts';

/** What one request made the cloud do. */
class Work {
  readonly done: string[] = [];

  readonly statements: KyselyPlugin = {
    transformQuery: ({ node }) => {
      this.done.push(node.kind);
      return node;
    },
    transformResult: async ({ result }) => result,
  };
}

class CountingKeyRing extends KeyRing {
  readonly #work: Work;

  constructor(work: Work) {
    super('k2', new Map(['k1', 'k2'].map((id) => [id, systemRandom.bytes(32)])));
    this.#work = work;
  }

  override hashCode(keyId: string, symbols: string): string {
    this.#work.done.push(`hash of a code under ${keyId}`);
    return super.hashCode(keyId, symbols);
  }

  override hashClaimant(keyId: string, idempotencyKey: string): string {
    this.#work.done.push('hash of a claimant');
    return super.hashClaimant(keyId, idempotencyKey);
  }
}

describe.each(databaseKinds)('unknown and malformed codes on %s', (kind) => {
  it('cost the same statements and the same hashes in the same order, and are answered alike', async () => {
    const time = new SimulatedTime(Date.now());
    const store = await makeDatabase(kind, time);
    const work = new Work();
    const database = new Database(kind, store.database.db.withPlugin(work.statements), time);
    const cloud = await buildCloud(cloudDeps(database, time, new CountingKeyRing(work)));
    await cloud.start();
    const send = async (code: string, key?: string): Promise<{ work: string[]; answer: object }> => {
      work.done.splice(0);
      const response = await cloud.app.inject({
        ...{ method: 'POST', url: '/api/v1/devices/provision', payload: { provisioning_code: code } },
        headers: key === undefined ? {} : { 'idempotency-key': key },
      });
      const body = response.json<Record<string, unknown>>();
      const { date: _, 'x-request-id': __, ...headers } = response.headers;
      return {
        work: [...work.done],
        answer: { status: response.statusCode, headers, body: { ...body, request_id: '' } },
      };
    };
    // What the start set going is over once the same request does the same work twice.
    const first = makeProvisioningCode(2, systemRandom.bytes);
    await eventuallyTrue('nothing else is at work', async () => {
      const before = await send(first);
      return isDeepStrictEqual(before.work, (await send(first)).work);
    });
    const key = 'k'.repeat(40);
    const unknown = await send(makeProvisioningCode(2, systemRandom.bytes));
    expect(unknown.answer).toMatchObject({ status: 401, body: { code: 'code_unknown' } });
    expect(unknown.work.filter((done) => done.startsWith('hash of a code'))).toHaveLength(2);
    expect(unknown.work.length).toBeGreaterThan(2);
    for (const code of [
      'PROV-0000-000',
      'what is this?',
      'PROV-UUUU-UUUU',
      '-',
      'x'.repeat(200),
      'PROV-ÀÀÀÀ-0000',
    ]) {
      expect(await send(code)).toEqual(unknown);
    }
    for (const groups of [2, 3, 6]) {
      expect(await send(makeProvisioningCode(groups, systemRandom.bytes))).toEqual(unknown);
    }
    expect(await send('what is this?', key)).toEqual(
      await send(makeProvisioningCode(2, systemRandom.bytes), key),
    );

    // The measure is not blind: a code that is there costs more.
    const made = await cloud.app.inject({
      ...{ method: 'POST', url: '/api/v1/provisioning-codes', payload: {} },
      headers: { 'x-api-key': bootstrapToken },
    });
    const known = await send(made.json<{ codes: { code: string }[] }>().codes[0]?.code ?? '', key);
    expect(known.work.length).toBeGreaterThan(unknown.work.length);
    await cloud.stop();
    await store.discard();
  });
});

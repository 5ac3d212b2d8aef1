import { makeProvisioningCode } from '@edgeflow/contract';
import { systemRandom } from '@edgeflow/platform';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NetworkSet } from '../../http/addresses.ts';
import { databaseKinds } from '../../storage/testing/databases.ts';
import {
  bootstrapToken,
  type RunningCloud,
  startTestCloud,
  type TestCloud,
} from '../../testing/test-cloud.ts';
import { eventually, eventuallyTrue } from '../../testing/eventually.ts';
import { alarmGuessesADay, calmSeconds } from './decide.ts';

const writeEveryMs = 2_000;
const loopback: NetworkSet = { empty: false, contains: (address) => address === '127.0.0.1' };

function randomCode(): string {
  return makeProvisioningCode(2, systemRandom.bytes);
}

/** The status of one registration from an address that a trusted proxy names. */
async function tryOnce(at: RunningCloud, code: string, address: string): Promise<number> {
  const headers = { 'x-forwarded-for': address };
  const response = await at.client().raw('provisionDevice', { body: { provisioning_code: code }, headers });
  await response.arrayBuffer();
  return response.status;
}

describe.each(databaseKinds)('guessing on %s', (kind) => {
  let cloud: TestCloud;
  beforeEach(async () => {
    cloud = await startTestCloud(kind, { trustedProxies: loopback });
  });
  afterEach(() => cloud.discard());

  /** Distinct guesses, thirty an address, as a proxy names them. Returns the statuses of the answers. */
  async function guess(at: RunningCloud, first: number, count: number): Promise<number[]> {
    const statuses: number[] = [];
    for (let from = first; from < first + count; from += 100) {
      const some = Array.from({ length: Math.min(100, first + count - from) }, async (_, index) => {
        const host = Math.floor((from + index) / 30);
        return tryOnce(at, randomCode(), `10.9.${String(host >> 8)}.${String(host & 255)}`);
      });
      statuses.push(...(await Promise.all(some)));
    }
    return statuses;
  }

  async function codeGroups(at: RunningCloud): Promise<number> {
    const { codes } = await at.owner.call('createCodes', 201, { body: {} });
    return (codes[0]?.code.split('-').length ?? 0) - 1;
  }

  async function announced(): Promise<{ audit: string[]; events: string[]; logged: number }> {
    const audit = await cloud.database.db
      .selectFrom('audit_log')
      .select(['action', 'actor_kind', 'organization_id'])
      .where('action', 'like', 'guessing.%')
      .orderBy('sequence')
      .execute();
    const events = await cloud.database.db
      .selectFrom('events')
      .select(['type', 'organization_id'])
      .where('type', 'like', 'guessing.%')
      .orderBy('sequence')
      .execute();
    return {
      audit: audit.map((row) => `${row.actor_kind} ${row.action} ${row.organization_id}`),
      events: events.map((row) => `${row.type} ${row.organization_id}`),
      logged: cloud.logs.filter((line) => line.includes('somebody is guessing')).length,
    };
  }

  async function firstOrganization(): Promise<string> {
    return (await cloud.database.db.selectFrom('organizations').select('id').executeTakeFirstOrThrow()).id;
  }

  it('by many addresses raises one alarm and lengthens new codes until calm, and blocks nobody', async () => {
    const { codes } = await cloud.owner.call('createCodes', 201, { body: { count: 2 } });
    const organization = await firstOrganization();
    await cloud.cloud.identity.createOrganization('without codes', null);
    const nodes = [cloud, await cloud.restart()];
    const half = alarmGuessesADay / 2;
    const statuses = await Promise.all(nodes.map((node, index) => guess(node, index * 600, half + 10)));
    expect(new Set(statuses.flat())).toEqual(new Set([401]));
    await eventuallyTrue('an alarm', async () => {
      await cloud.time.advance(writeEveryMs);
      return (await announced()).logged > 0;
    });
    expect(await codeGroups(cloud)).toBe(3);
    expect(await tryOnce(cloud, codes[0]?.code ?? '', '10.9.0.1')).toBe(201);

    // The alarm outlives the processes, and is not raised again by the next.
    for (const node of nodes) await node.stop();
    const next = await cloud.restart();
    await guess(next, 2000, 30);
    await cloud.time.advance(writeEveryMs);
    expect(await codeGroups(next)).toBe(3);
    await next.stop();
    expect(await announced()).toEqual({
      audit: [`system guessing.alarm ${organization}`],
      events: [`guessing.alarm ${organization}`],
      logged: 1,
    });
  });

  it('is over after three days of calm, which is announced', async () => {
    const fact = { level: 2, raisedAtMs: 1, aboveAtMs: Date.now() - calmSeconds * 1000 + 60_000 };
    const values = { name: 'guessing_alarm', value: JSON.stringify(fact) };
    await cloud.stop();
    await cloud.database.db.insertInto('server_facts').values(values).execute();
    const next = await cloud.restart();
    await cloud.time.advance(writeEveryMs);
    expect(await codeGroups(next)).toBe(4);
    expect((await announced()).events).toEqual([]);
    const over = JSON.stringify({ ...fact, aboveAtMs: fact.aboveAtMs - 120_000 });
    await cloud.database.db
      .updateTable('server_facts')
      .set({ value: over })
      .where('name', '=', values.name)
      .execute();
    expect(await codeGroups(next)).toBe(2);
    await guess(next, 0, 1);
    await eventuallyTrue('calm', async () => {
      await cloud.time.advance(writeEveryMs);
      return (await announced()).events.length > 0;
    });
    const organization = await firstOrganization();
    expect((await announced()).events).toEqual([`guessing.calm ${organization}`]);
    expect((await announced()).audit).toEqual([`system guessing.calm ${organization}`]);
  });

  it('spends a budget that a restart does not forgive', async () => {
    const tries = async (at: RunningCloud): Promise<number[]> => {
      const statuses = [];
      for (let index = 0; index < 40; index += 1) statuses.push(await tryOnce(at, randomCode(), '192.0.2.1'));
      return statuses;
    };
    expect((await tries(cloud)).filter((status) => status === 401)).toHaveLength(36);
    await cloud.stop();
    expect(new Set(await tries(await cloud.restart()))).toEqual(new Set([429]));
  });

  it('on one node is known on the others', async () => {
    const other = await cloud.restart();
    const code = randomCode();
    expect(await tryOnce(cloud, code, '192.0.2.1')).toBe(401);
    for (let index = 1; index < 36; index += 1) {
      expect(await tryOnce(cloud, randomCode(), '192.0.2.1')).toBe(401);
    }
    await eventuallyTrue('the other node knows', async () => {
      await cloud.time.advance(writeEveryMs);
      // This code spends nothing more once it is known there.
      return (await tryOnce(other, code, '192.0.2.1')) === 429;
    });
  });

  it('shows in the metrics, and leaves no code in them, in the log or in the database', async () => {
    const code = 'PROV-BADC-0DE5';
    await tryOnce(cloud, code, '192.0.2.1');
    await tryOnce(cloud, code, '192.0.2.1');
    await cloud.time.advance(writeEveryMs);
    const metrics = await (
      await fetch(`${cloud.origin}/metrics`, { headers: { 'x-api-key': bootstrapToken } })
    ).text();
    expect(metrics).toMatch(/^edgeflow_unknown_codes_total 1$/m);
    expect(metrics).toMatch(/^edgeflow_unknown_codes_today 1$/m);
    expect(metrics).toMatch(/^edgeflow_guessing_alarm 0$/m);
    expect(metrics).toMatch(/^edgeflow_limiter_entries\{limiter="codes"\} 1$/m);
    const rows = await eventually('the guess written down', async () => {
      const written = await cloud.database.db.selectFrom('guesses').selectAll().execute();
      return written.length === 0 ? undefined : written;
    });
    expect(rows).toHaveLength(1);
    for (const text of [metrics, JSON.stringify(rows), cloud.logs.join('')])
      expect(text).not.toContain('BADC');
  });
});

import { mkdirSync } from 'node:fs';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { TestDevice } from '../apps/cloud/src/testing/test-device.ts';
import { type CloudProcess } from './support/cloud-process.ts';
import { claimantKey, redeem, redeemAtOnce } from './support/crowd.ts';
import { startNodes } from './support/nodes.ts';
import { Story } from './support/story.ts';

const crowd = 1_000;
const patienceMs = 120_000;
/** Everything that a registration may write, in an order that never changes. */
const tables = {
  provisioning_codes: 'id',
  devices: 'id',
  credentials: 'id',
  shadows: 'device_id',
  organizations: 'id',
} as const;

type Rows = Record<string, readonly Record<string, unknown>[]>;

interface Place {
  readonly clouds: readonly CloudProcess[];
  /** Reads rows past the program. */
  rows(sql: string): Promise<Record<string, unknown>[]>;
  end(): Promise<void>;
}

const places: [string, (story: Story) => Promise<Place>][] = [
  ['SQLite', onSqlite],
  ['PostgreSQL', (story) => onPostgres(story, 1)],
  ['two processes on one PostgreSQL', (story) => onPostgres(story, 2)],
];

async function onSqlite(story: Story): Promise<Place> {
  const cloud = await story.cloud();
  const file = join(story.folder, 'cloud', 'edgeflow.db');
  return {
    clouds: [cloud],
    rows: async (sql) => {
      const database = new DatabaseSync(file, { readOnly: true });
      try {
        return database
          .prepare(sql)
          .all()
          .map((row) => ({ ...row }));
      } finally {
        database.close();
      }
    },
    end: async () => undefined,
  };
}

async function onPostgres(story: Story, count: number): Promise<Place> {
  mkdirSync(story.folder, { recursive: true });
  const nodes = await startNodes(inject('postgresUrl'), story.folder, count);
  const { clouds, database } = nodes;
  return {
    clouds,
    rows: async (sql) => (await database.query<Record<string, unknown>>(sql)).rows,
    end: () => nodes.end(),
  };
}

describe.each(places)('on %s', (_name, open) => {
  const story = new Story();
  let place: Place;
  let nodes: URL[] = [];

  beforeAll(async () => {
    place = await open(story);
    nodes = place.clouds.map(({ plainUrl }) => new URL(plainUrl));
  }, patienceMs);
  afterAll(async () => {
    await place.end();
    await story.end();
  });

  function someNode(index: number): URL {
    const node = nodes[index % nodes.length];
    if (node === undefined) throw new Error('no node');
    return node;
  }

  async function makeCode(): Promise<{ id: string; code: string }> {
    const [cloud] = place.clouds;
    if (cloud === undefined) throw new Error('no cloud');
    return story.code(cloud);
  }

  async function count(from: string): Promise<number> {
    const [row] = await place.rows(`select count(*) as n from ${from}`);
    return Number(row?.['n']);
  }

  async function everything(): Promise<Rows> {
    const rows: Rows = {};
    for (const [table, order] of Object.entries(tables)) {
      const all = await place.rows(`select * from ${table} order by ${order}`);
      // Heartbeats of an open tunnel are written whenever it suits the cloud.
      rows[table] = all.map(({ last_seen_at_ms: _, ...row }) => row);
    }
    return rows;
  }

  it(
    'a thousand claimants redeem one code at once: one hears 201, the others 409',
    async () => {
      const { code, id } = await makeCode();
      const before = { devices: await count('devices'), credentials: await count('credentials') };
      const deliveries = Array.from({ length: crowd }, (_, index) => ({
        node: someNode(index),
        idempotencyKey: claimantKey(`claimant ${String(index)} of ${id}`),
      }));
      const answers = await redeemAtOnce(code, deliveries);
      const statuses = Map.groupBy(answers, ({ status }) => status);
      expect([...statuses].map(([status, { length }]) => [status, length]).sort()).toEqual([
        [201, 1],
        [409, crowd - 1],
      ]);
      const refusals = new Set(
        statuses.get(409)?.map(({ body }) => (JSON.parse(body) as { code: string }).code),
      );
      expect(refusals).toEqual(new Set(['code_already_used']));
      expect(await count('devices')).toBe(before.devices + 1);
      expect(await count('credentials')).toBe(before.credentials + 1);
      // The winner is the one whose repeat is answered again; nobody else holds a key.
      const winner = answers.findIndex(({ status }) => status === 201);
      const again = await redeemAtOnce(code, deliveries.slice(winner, winner + 1));
      expect(again).toEqual([{ status: 201, isReplay: true, body: answers[winner]?.body }]);
    },
    patienceMs,
  );

  it(
    'a thousand deliveries of one claim make one device and one answer, byte for byte',
    async () => {
      const { code, id } = await makeCode();
      const before = { devices: await count('devices'), credentials: await count('credentials') };
      const idempotencyKey = claimantKey(`the claimant of ${id}`);
      const answers = await redeemAtOnce(
        code,
        Array.from({ length: crowd }, (_, index) => ({ node: someNode(index), idempotencyKey })),
      );
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
      expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
      expect(answers.filter(({ isReplay }) => !isReplay)).toHaveLength(1);
      expect(await count('devices')).toBe(before.devices + 1);
      expect(await count('credentials')).toBe(before.credentials + 1);
      const made = "audit_log where action = 'code.redeem' and outcome = 'success'";
      expect(await count(`${made} and object_id = '${id}'`)).toBe(1);
    },
    patienceMs,
  );

  it('a delayed first delivery that arrives after the second’s success changes nothing', async () => {
    const { code, id } = await makeCode();
    const idempotencyKey = claimantKey(`the delayed claimant of ${id}`);
    const agent = new Agent();
    const second = await redeem(agent, someNode(1), code, idempotencyKey);
    expect(second).toMatchObject({ status: 201, isReplay: false });
    const afterSecond = await everything();

    expect(await redeem(agent, someNode(0), code, idempotencyKey)).toEqual({ ...second, isReplay: true });
    expect(await everything()).toEqual(afterSecond);

    const identity = JSON.parse(second.body) as { device_id: string; api_key: string };
    const device = await TestDevice.connect(someNode(1).origin, identity);
    await device.settled();
    const afterFirstUse = await everything();
    for (const node of [0, 1]) {
      const late = await redeem(agent, someNode(node), code, idempotencyKey);
      expect(late.status).toBe(409);
      expect(JSON.parse(late.body)).toMatchObject({ code: 'claim_completed' });
    }
    // The device is not touched, its tunnel stays open and its key is good; the refusals are counted on the code.
    const afterAll = await everything();
    expect(withoutFailures(afterAll)).toEqual(withoutFailures(afterFirstUse));
    await device.settled();
    await device.leave();
    const again = await TestDevice.connect(someNode(0).origin, identity);
    await again.leave();
  });
});

/** What is counted of refused attempts is about the attempts. */
function withoutFailures({ provisioning_codes: codes = [], ...rest }: Rows): Rows {
  const kept = codes.map((row) =>
    Object.fromEntries(Object.entries(row).filter(([name]) => !name.includes('failed'))),
  );
  return { ...rest, provisioning_codes: kept };
}

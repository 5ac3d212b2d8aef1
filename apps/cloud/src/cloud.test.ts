import { once } from 'node:events';
import { createServer } from 'node:http';
import { SimulatedTime } from '@edgeflow/platform/simulated';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildCloud } from './cloud.ts';
import { databaseKinds, makeDatabase, type TestDatabase } from './storage/testing/databases.ts';
import { eventuallyTrue } from './testing/eventually.ts';
import { cloudDeps, startTestCloud, type TestCloud } from './testing/test-cloud.ts';
import { TestDevice } from './testing/test-device.ts';

describe.each(databaseKinds)('a cloud that was built on %s', (kind) => {
  let time: SimulatedTime;
  let store: TestDatabase;
  beforeEach(async () => {
    time = new SimulatedTime(Date.now());
    store = await makeDatabase(kind, time);
  });
  afterEach(() => store.discard());

  it('does nothing before it is started, and leaves nothing running once it was stopped', async () => {
    const cloud = await buildCloud(cloudDeps(store.database, time));
    const organizations = store.database.db.selectFrom('organizations').selectAll();
    expect(time.pendingCount).toBe(0);
    expect(await organizations.execute()).toEqual([]);

    await cloud.start();
    expect(time.pendingCount).toBeGreaterThan(0);
    expect(await organizations.execute()).toHaveLength(1);

    await cloud.stop();
    expect(time.pendingCount).toBe(0);
  });

  it('makes one organization, however often and however many times at once it is started', async () => {
    const clouds = await Promise.all([1, 2, 3].map(() => buildCloud(cloudDeps(store.database, time))));
    await Promise.all(clouds.map((cloud) => cloud.start()));
    expect(await store.database.db.selectFrom('organizations').selectAll().execute()).toHaveLength(1);
    for (const cloud of clouds) await cloud.stop();
  });

  it('says what it is doing: starting, ok, stopping', async () => {
    const cloud = await buildCloud(cloudDeps(store.database, time));
    const server = createServer((request, response) => {
      cloud.app.routing(request, response);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const origin = `http://127.0.0.1:${typeof address === 'object' ? String(address?.port) : ''}`;
    const probe = async (path: string): Promise<unknown> => {
      const response = await fetch(origin + path);
      return [response.status, ((await response.json()) as { status: string }).status];
    };
    // Fastify takes no request before it is ready, which the listeners of the process wait for.
    await cloud.app.ready();
    expect(await probe('/readyz')).toEqual([503, 'starting']);
    await cloud.start();
    expect(await probe('/readyz')).toEqual([200, 'ok']);
    expect(await probe('/healthz')).toEqual([200, 'ok']);
    await cloud.stop();
    expect(await probe('/readyz')).toEqual([503, 'stopping']);
    expect(await probe('/healthz')).toEqual([200, 'stopping']);
    server.closeAllConnections();
    server.close();
  });
});

describe('a cloud that runs', () => {
  let cloud: TestCloud;
  beforeEach(async () => {
    cloud = await startTestCloud('sqlite');
  });
  afterEach(() => cloud.discard());

  async function makeDevice(): Promise<string> {
    return (await cloud.owner.call('createDevice', 201, { body: {} })).device_id;
  }

  it('is not ready while its database fails', async () => {
    await cloud.database.db.schema.alterTable('server_facts').renameTo('server_facts_gone').execute();
    const response = await fetch(`${cloud.origin}/readyz`);
    expect([response.status, await response.json()]).toEqual([
      503,
      { status: 'failing', checks: { database: 'failing' } },
    ]);
    await cloud.database.db.schema.alterTable('server_facts_gone').renameTo('server_facts').execute();
    expect((await fetch(`${cloud.origin}/readyz`)).status).toBe(200);
  });

  it('counts its tunnels for Prometheus', async () => {
    const identity = await cloud.owner.call('createDevice', 201, { body: {} });
    const first = await TestDevice.connect(cloud.origin, identity);
    await TestDevice.connect(cloud.origin, identity);
    await first.closed;
    await TestDevice.open(cloud.origin);
    const metrics = await (await fetch(`${cloud.origin}/metrics`)).text();
    expect(metrics).toMatch(/^edgeflow_tunnels_open 1$/m);
    expect(metrics).toMatch(/^edgeflow_tunnels_unauthenticated 1$/m);
    expect(metrics).toMatch(/^edgeflow_tunnel_outcomes_total\{outcome="accepted"\} 2$/m);
    expect(metrics).toMatch(/^edgeflow_tunnel_outcomes_total\{outcome="replaced"\} 1$/m);
  });

  it('forgets events after a week', async () => {
    const hourMs = 3600 * 1000;
    const { db } = cloud.database;
    const kept = async (): Promise<string[]> =>
      (await db.selectFrom('events').select('object_id').orderBy('sequence').execute()).map(
        (row) => row.object_id,
      );
    const [old, young] = [await makeDevice(), await makeDevice()];
    const weekAgoMs = cloud.time.now() - 7 * 24 * hourMs;
    const age = async (id: string, atMs: number): Promise<unknown> =>
      db.updateTable('events').set({ at_ms: atMs }).where('object_id', '=', id).execute();
    await age(old, weekAgoMs + hourMs - 1);
    await age(young, weekAgoMs + hourMs);
    expect(await kept()).toEqual([old, young]);
    await cloud.time.advance(hourMs);
    await eventuallyTrue('forgotten', async () => !(await kept()).includes(old));
    expect(await kept()).toEqual([young]);
  });
});

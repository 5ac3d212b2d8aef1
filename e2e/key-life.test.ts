import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type Identity, TestDevice } from '../apps/cloud/src/testing/test-device.ts';
import type { CloudProcess } from './support/cloud-process.ts';
import type { AgentStatus } from './support/agent-process.ts';
import { type Nodes, startNodes } from './support/nodes.ts';
import { Story, trusting } from './support/story.ts';

const patienceMs = 90_000;
const dayMs = 24 * 3600 * 1000;
const isOnline = (status: AgentStatus): boolean => status.status === 'online';

describe('two cloud processes on one PostgreSQL', () => {
  const story = new Story();
  let nodes: Nodes;
  let operators: CloudProcess;
  let holder: CloudProcess;

  beforeAll(async () => {
    nodes = await startNodes(inject('postgresUrl'), story.folder, 2);
    const [first, second] = nodes.clouds;
    if (first === undefined || second === undefined) throw new Error('no two nodes');
    operators = first;
    holder = second;
  }, patienceMs);
  afterAll(async () => {
    await nodes.end();
    await story.end();
  });

  /** A device whose tunnel ends at the other node than the operator's. */
  async function makeOnline(): Promise<{ device: TestDevice; identity: Identity; id: string }> {
    const made = await operators.call('POST', '/api/v1/devices', {});
    const identity = made.json as Identity;
    const device = await TestDevice.connect(holder.plainUrl, identity);
    return { device, identity, id: identity.device_id };
  }

  /** As a key that was made long ago: every clock but the database's says that nothing has happened. */
  async function expireIn(id: string, ms: number): Promise<void> {
    const now = '(extract(epoch from clock_timestamp()) * 1000)::bigint';
    const client = nodes.database;
    await client.query(`update credentials set expires_at_ms = ${now} + $1 where device_id = $2`, [ms, id]);
    await client.query(`update devices set security_changed_at_ms = ${now} where id = $1`, [id]);
  }

  it.each([
    ['revoked', 'POST', '/revoke', {}, 4403],
    ['deleted', 'DELETE', '', undefined, 4404],
    ['given another key', 'POST', '/rotate-key', { mode: 'replace' }, 4401],
  ] as const)(
    'a device that is %s loses its tunnel on the other',
    async (_what, method, path, body, code) => {
      const { device, id } = await makeOnline();
      const answer = await operators.call(method, `/api/v1/devices/${id}${path}`, body);
      expect(answer.status).toBeLessThan(300);
      expect((await device.closed).code).toBe(code);
    },
  );

  it('a key that has been expired for 90 days loses its tunnel', async () => {
    const { device, id } = await makeOnline();
    await expireIn(id, 200 - 90 * dayMs);
    expect((await device.closed).code).toBe(4401);
  });

  it('a new key that was asked for on one is offered through the tunnel on the other, and works', async () => {
    const { device, id, identity } = await makeOnline();
    expect((await operators.call('POST', `/api/v1/devices/${id}/rotate-key`, {})).status).toBe(202);
    const offer = await device.next('command');
    expect(offer['action']).toBe('rotate_key');
    device.say({ type: 'response', id: offer['id'], status: 'success' });
    await device.settled();
    const { api_key } = offer['payload'] as { api_key: string };
    // It comes back to the other node: the old tunnel ends within a second all the same.
    const next = await TestDevice.connect(operators.plainUrl, { ...identity, api_key });
    expect([4401, 4409]).toContain((await device.closed).code);
    const { rows } = await nodes.database.query(
      "select state, origin from credentials where device_id = $1 and state <> 'ended'",
      [id],
    );
    expect(rows).toEqual([{ state: 'active', origin: 'rotation' }]);
    await next.leave();
  });
});

describe('a real agent', () => {
  const story = new Story();
  let cloud: CloudProcess;

  beforeAll(async () => {
    cloud = await story.cloud();
  });
  afterAll(() => story.end());

  it('comes back by itself, with the same key, when its revocation is undone', async () => {
    const device = await story.device();
    const { code } = await story.code(cloud);
    const agent = story.agent(device, trusting(cloud, code), {
      nodeFlags: [`--import=${fileURLToPath(new URL('./support/short-waits.ts', import.meta.url))}`],
    });
    const { device_id: id } = await agent.until('online', isOnline, patienceMs);
    const key = await keyId(String(id));
    await cloud.call('POST', `/api/v1/devices/${String(id)}/revoke`, {});
    const refused = await agent.until('refused', ({ status }) => status === 'rejected', patienceMs);
    expect(refused).toMatchObject({ device_id: id, last_error: { code: 'device_revoked' } });

    await cloud.call('POST', `/api/v1/devices/${String(id)}/restore`, {});
    expect(await agent.until('online again', isOnline, patienceMs)).toMatchObject({ device_id: id });
    expect(await keyId(String(id))).toBe(key);
    await agent.stop();
  });

  it('that is provisioned again for its own device keeps id, name, tags, shadow and history', async () => {
    const device = await story.device();
    const first = await story.code(cloud, { device_name: 'pump-7', tags: ['hall-2'], group: 'west' });
    const agent = story.agent(device, trusting(cloud, first.code));
    const { device_id: id } = await agent.until('online', isOnline, patienceMs);
    const path = `/api/v1/devices/${String(id)}`;
    await cloud.call('PUT', `${path}/shadow`, { desired: { log_level: 'debug' } });
    const before = (await cloud.call('GET', path)).json as Record<string, unknown>;
    const historyBefore = await history(String(id));

    const again = await story.code(cloud, { device_id: id });
    const answer = await fetch(`${agent.url}/api/v1/saas/provision`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-edgeflow-token': readFileSync(join(device.folder, 'state', 'local-token'), 'utf8').trim(),
      },
      body: JSON.stringify({ provisioning_code: again.code, force: true }),
    });
    expect(await answer.json()).toMatchObject({ device_id: id });
    await agent.until('online', isOnline, patienceMs);
    await expect
      .poll(() => keyId(String(id)), { timeout: patienceMs })
      .not.toBe((before['key'] as { id: string }).id);

    const after = (await cloud.call('GET', path)).json as Record<string, unknown>;
    for (const kept of ['device_id', 'name', 'tags', 'group', 'created_at']) {
      expect(after[kept], kept).toEqual(before[kept]);
    }
    const shadow = (await cloud.call('GET', `${path}/shadow`)).json;
    expect(shadow).toMatchObject({ desired: { log_level: 'debug' } });
    const historyAfter = await history(String(id));
    expect(historyAfter.length).toBeGreaterThan(historyBefore.length);
    expect(historyAfter.slice(-historyBefore.length)).toEqual(historyBefore);
    await agent.stop();
  });

  async function keyId(id: string): Promise<string> {
    const { key } = (await cloud.call('GET', `/api/v1/devices/${id}`)).json as { key: { id: string } };
    return key.id;
  }

  /** What the audit log says of a device, the newest first. */
  async function history(id: string): Promise<readonly unknown[]> {
    const answer = await cloud.call('GET', `/api/v1/audit-log?object=${id}&limit=100`);
    return (answer.json as { entries?: unknown[] }).entries ?? [];
  }
});

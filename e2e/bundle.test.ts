import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleAgent } from '../tools/bundle/agent-bundle.ts';
import type { AgentProcess } from './support/agent-process.ts';
import type { CloudProcess } from './support/cloud-process.ts';
import { startNode } from './support/processes.ts';
import { Story, trusting } from './support/story.ts';
import { hasWrongClocks, startingAt } from './support/wrong-clock.ts';

const patience = 30_000;

/** Everything that the bundle loads only when it is asked for is asked for, of the files that ship. */
describe('the bundled agent', () => {
  const story = new Story();
  let main = '';
  let cloud: CloudProcess;
  let device: { folder: string; port: number };
  let agent: AgentProcess;

  beforeAll(async () => {
    ({ main } = await bundleAgent(join(story.folder, 'bundle')));
    cloud = await story.cloud();
    device = await story.device();
  });

  afterAll(() => story.end());

  async function run(...args: string[]): Promise<{ code: number | null; text: string }> {
    const running = startNode('agent', [main, ...args], { EDGEFLOW_ENV_FILE: join(device.folder, '.env') });
    return new Promise((resolve) => {
      running.child.once('close', (code) => {
        resolve({ code, text: running.lines.join('\n') });
      });
    });
  }

  const ask = (path: string, request: RequestInit = {}): Promise<Response> =>
    fetch(`${agent.url}${path}`, request);

  it('redeems a code that is given to its local API, and is online', async () => {
    agent = story.agent(device, trusting(cloud), { program: main });
    await agent.until('a code is missing', ({ status }) => status === 'unprovisioned', patience);
    const { code } = await story.code(cloud);
    const answer = await ask('/api/v1/saas/provision', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ provisioning_code: code }),
    });
    expect(answer.status).toBe(200);
    await agent.until('online', ({ status }) => status === 'online', patience);
  });

  it('shows its page, and takes changes with the token', async () => {
    expect(await (await ask('/')).text()).toContain('This device is online.');
    expect((await ask('/api/v1/saas/disconnect', { method: 'POST' })).status).toBe(403);
    const token = readFileSync(join(device.folder, 'state', 'local-token'), 'utf8').trim();
    const headers = { 'x-edgeflow-token': token, 'content-type': 'application/json' };
    const body = JSON.stringify({ enabled: true });
    expect((await ask('/api/v1/saas/config', { method: 'PUT', headers, body })).status).toBe(200);
  });

  it('diagnoses itself, and answers `doctor` and `status`', async () => {
    expect(await (await ask('/api/v1/saas/diagnosis')).json()).toMatchObject({ ok: true });
    const doctor = await run('doctor');
    expect(doctor.text).toMatch(/^ok +tunnel/m);
    expect(doctor.code).toBe(0);
    const status = await run('status');
    expect(JSON.parse(status.text)).toMatchObject({ status: 'online' });
    expect(status.code).toBe(0);
  });

  it('has the commands of the vault, and a doctor of its own, once it has stopped', async () => {
    expect(await agent.stop()).toBe(0);
    const doctor = await run('doctor');
    expect(doctor.text).toMatch(/^ok +cloud/m);
    const rebind = await run('vault', 'rebind');
    expect(rebind.text).toContain('identity: opened, and tied to this machine.');
    expect(rebind.code).toBe(0);
    expect((await run('version')).text).toMatch(/^\d+\.\d+\.\d+$/);
  });

  it.skipIf(!hasWrongClocks('e2e/bundle.test.ts'))('judges certificates without a clock', async () => {
    const { code } = await story.code(cloud);
    const settings = trusting(cloud, code);
    const environment = startingAt('1970-01-01 00:01:00');
    const clockless = story.agent(await story.device(), settings, { program: main, environment });
    const online = await clockless.until('online', ({ status }) => status === 'online', patience);
    expect(online.clock_skew_seconds).toBeLessThan(-50 * 365 * 24 * 3600);
    expect(await clockless.stop()).toBe(0);
  });
});

import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AgentProcess, AgentStatus } from './support/agent-process.ts';
import type { CloudProcess } from './support/cloud-process.ts';
import { startNode } from './support/processes.ts';
import { Story, trusting } from './support/story.ts';

/**
 * What only a real cloud can say, as a person at the device sees it: `agent doctor`, in a process of its own, and the
 * local API. Faults of network and disk are in apps/agent/src/diagnosis/faults.test.ts.
 */

const patience = 30_000;
const hasProblem = ({ last_error: error }: AgentStatus): boolean => error !== null;
const isOnline = (status: AgentStatus): boolean =>
  status.status === 'online' && status.last_heartbeat !== null;

interface Check {
  readonly name: string;
  readonly result: string;
  readonly detail: string;
  readonly next_step: string | null;
  readonly code: string | null;
}

describe('a diagnosis against a real cloud', () => {
  const story = new Story();
  let cloud: CloudProcess;

  beforeAll(async () => {
    cloud = await story.cloud();
  });

  afterAll(() => story.end());

  async function settled(settings: Record<string, string>): Promise<{ agent: AgentProcess; folder: string }> {
    const device = await story.device();
    const agent = story.agent(device, settings);
    await agent.until('a problem', hasProblem, patience);
    return { agent, folder: device.folder };
  }

  /** The check that fails, after the command line has been found to say the same. */
  async function finding({ agent, folder }: { agent: AgentProcess; folder: string }): Promise<Check> {
    const { checks } = (await (await fetch(`${agent.url}/api/v1/saas/diagnosis`)).json()) as {
      checks: Check[];
    };
    const doctor = startNode('doctor', ['apps/agent/src/main.ts', 'doctor'], {
      EDGEFLOW_ENV_FILE: join(folder, '.env'),
    });
    const ended = once(doctor.child, 'exit');
    const [failed] = checks.filter(({ result }) => result === 'fail');
    if (failed === undefined) throw new Error(`nothing fails: ${JSON.stringify(checks)}`);
    const line = await doctor.waitFor('its line', startsWith(`fail  ${failed.name} `), patience);
    expect(line).toContain(failed.next_step);
    expect(await ended).toEqual([1, null]);
    await agent.stop();
    process.stdout.write(`${line}\n`);
    return failed;
  }

  /** Every device here is told from every other by this. */
  const steps = new Set<string | null>();

  async function expectFinding(
    device: { agent: AgentProcess; folder: string },
    name: string,
    code: string,
  ): Promise<void> {
    const found = await finding(device);
    expect(found).toMatchObject({ name, code });
    expect(steps.has(found.next_step)).toBe(false);
    steps.add(found.next_step);
  }

  it('tells a code that is unknown', async () => {
    await expectFinding(await settled(trusting(cloud, 'PROV-ZZZZ-ZZZZ-ZZZZ')), 'identity', 'code_unknown');
  });

  it('tells a code that was used by another device', async () => {
    const { code } = await story.code(cloud);
    const first = story.agent(await story.device(), trusting(cloud, code));
    await first.until('online', isOnline, patience);
    await first.stop();
    await expectFinding(await settled(trusting(cloud, code)), 'identity', 'code_already_used');
  });

  it('tells a code that was revoked', async () => {
    const { code, id } = await story.code(cloud);
    await cloud.call('DELETE', `/api/v1/provisioning-codes/${id}`);
    await expectFinding(await settled(trusting(cloud, code)), 'identity', 'code_revoked');
  });

  it('tells a code that is bound elsewhere, which stays good for the device it is bound to', async () => {
    const { code, id } = await story.code(cloud, { bind: { serial_number: 'another-board' } });
    await expectFinding(await settled(trusting(cloud, code)), 'identity', 'binding_mismatch');
    const { json } = await cloud.call('GET', `/api/v1/provisioning-codes/${id}`);
    expect(json).toMatchObject({ status: 'active' });
  });

  it('tells a key that is rejected', async () => {
    const settings = { EDGEFLOW_DEVICE_ID: 'dev_0000000000000000', EDGEFLOW_API_KEY: 'efk_never_issued' };
    await expectFinding(await settled({ ...trusting(cloud), ...settings }), 'tunnel', 'key_rejected');
  });

  it('tells a device that was revoked', async () => {
    const { code } = await story.code(cloud);
    const device = await story.device();
    const agent = story.agent(device, trusting(cloud, code));
    const { device_id: id } = await agent.until('online', isOnline, patience);
    await cloud.call('POST', `/api/v1/devices/${id ?? ''}/revoke`);
    await agent.until('its refusal', ({ status }) => status === 'rejected', patience);
    await expectFinding({ agent, folder: device.folder }, 'tunnel', 'device_revoked');
  });

  it('asks the cloud about no code, however often it is asked', async () => {
    const { code, id } = await story.code(cloud, { bind: { serial_number: 'another-board' } });
    const { agent } = await settled(trusting(cloud, code));
    const attempts = async (): Promise<unknown> =>
      ((await cloud.call('GET', `/api/v1/provisioning-codes/${id}`)).json as { failed_attempts: unknown })
        .failed_attempts;
    const before = await attempts();
    for (let time = 0; time < 5; time += 1) await fetch(`${agent.url}/api/v1/saas/diagnosis`);
    expect(before).toBe(1);
    expect(await attempts()).toBe(before);
    await agent.stop();
  });

  it('tells a cloud that is gone', async () => {
    const { code } = await story.code(cloud);
    await cloud.kill();
    await expectFinding(await settled(trusting(cloud, code)), 'tcp', 'cloud_unreachable');
  });
});

function startsWith(start: string): (line: string) => string | undefined {
  return (line) => (line.startsWith(start) ? line : undefined);
}

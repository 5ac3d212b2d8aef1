import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileErrorCode } from '@edgeflow/platform';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventuallyTrue } from '../apps/cloud/src/testing/eventually.ts';
import type { AgentProcess, AgentStatus } from './support/agent-process.ts';
import type { CloudProcess } from './support/cloud-process.ts';
import { Story, trusting } from './support/story.ts';

/** Real agents on copied state folders: the same card in two machines, a cloned machine, a card moved to another. */

const patience = 30_000;
const twoHeartbeatsMs = 60_000;
const isOnline = (status: AgentStatus): boolean =>
  status.status === 'online' && status.last_heartbeat !== null;
const hasError =
  (code: string) =>
  (status: AgentStatus): boolean =>
    status.last_error?.code === code;

interface Shown {
  readonly status: string;
  readonly clone_suspected_at: string | null;
  readonly clone_evidence: {
    readonly rule: string;
    readonly connections: readonly { readonly boot_id: string; readonly address: string }[];
  } | null;
}

describe('a state folder that was copied', () => {
  const story = new Story();
  let cloud: CloudProcess;
  let card: AgentProcess;
  let copy: AgentProcess;
  let cardPlace: { folder: string; port: number };
  let copyPlace: { folder: string; port: number };
  let deviceId = '';

  /** A machine as the agent reads it: its id, on a disk that lasts, and its start. */
  function machine(name: string, machineId: string, bootId: string): { readonly args: readonly string[] } {
    const root = join(story.folder, name);
    const files = {
      'etc/machine-id': `${machineId}\n`,
      'proc/self/mountinfo': '22 1 8:2 / / rw,relatime shared:1 - ext4 /dev/sda2 rw\n',
      'proc/sys/kernel/random/boot_id': `${bootId}\n`,
    };
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content);
    }
    return { args: ['--root', root] };
  }

  const oneId = '0123456789abcdef0123456789abcdef';
  const anotherId = 'fedcba9876543210fedcba9876543210';
  const boots = [
    '11111111-1111-4111-8111-111111111111',
    '22222222-2222-4222-8222-222222222222',
    '33333333-3333-4333-8333-333333333333',
  ] as const;

  async function copyOfCard(): Promise<{ folder: string; port: number }> {
    const place = await story.device();
    const copyTo = join(place.folder, 'state');
    // The device goes on writing: a file that was listed may have been renamed before it is read.
    await eventuallyTrue('a copy of the card', () => {
      rmSync(copyTo, { recursive: true, force: true });
      try {
        cpSync(join(cardPlace.folder, 'state'), copyTo, { recursive: true });
        return true;
      } catch (error) {
        if (fileErrorCode(error) !== 'ENOENT') throw error;
        return false;
      }
    });
    return place;
  }

  async function shown(): Promise<Shown> {
    return (await cloud.call('GET', `/api/v1/devices/${deviceId}`)).json as Shown;
  }

  function untilShown(what: string, wanted: (device: Shown) => boolean): Promise<void> {
    return eventuallyTrue(what, async () => wanted(await shown()), twoHeartbeatsMs);
  }

  beforeAll(async () => {
    cloud = await story.cloud();
    cardPlace = await story.device();
    const { code } = await story.code(cloud);
    card = story.agent(cardPlace, trusting(cloud, code), machine('card', oneId, boots[0]));
    deviceId = (await card.until('online', isOnline, patience)).device_id ?? '';
  });

  afterAll(() => story.end());

  it('to a machine with another id opens nowhere: its copy never connects, and says why', async () => {
    const place = await copyOfCard();
    const stranger = story.agent(place, trusting(cloud), machine('stranger', anotherId, boots[1]));
    const status = await stranger.until('its word', hasError('vault_unreadable'), patience);
    expect(status).toMatchObject({ connected: false, last_error: { message: /machine/ } });
    await stranger.stop();
    expect(await card.status()).toMatchObject({ status: 'online', last_error: null });
    expect(await shown()).toMatchObject({ status: 'online', clone_suspected_at: null });
  });

  it('to a machine with the same id makes a second device, which is found within two heartbeats', async () => {
    copyPlace = await copyOfCard();
    copy = story.agent(copyPlace, trusting(cloud), machine('copy', oneId, boots[1]));
    await copy.until('connected', ({ device_id }) => device_id === deviceId, patience);
    await untilShown('a suspicion', (device) => device.clone_suspected_at !== null);
    const { clone_evidence: evidence } = await shown();
    expect(evidence).toMatchObject({ rule: 'lives_overlap', connections: [{}, {}] });
    expect(new Set(evidence?.connections.map(({ boot_id }) => boot_id)).size).toBe(2);
  });

  it('leaves the newest online and tells the other one what is the matter, without an end to either identity', async () => {
    const both = [card, copy];
    const refused = await Promise.any(
      both.map(async (agent) => ({
        agent,
        status: await agent.until('word of its clone', hasError('clone_suspected'), patience),
      })),
    );
    expect(refused.status).toMatchObject({
      ...{ connected: false, status: 'offline', device_id: deviceId },
      last_error: { next_step: expect.stringContaining('a code of its own') as string },
    });
    const kept = both.find((agent) => agent !== refused.agent);
    await kept?.until('online', isOnline, patience);
    const rotation = await cloud.call('POST', `/api/v1/devices/${deviceId}/rotate-key`, {});
    expect([rotation.status, (rotation.json as { code: string }).code]).toEqual([409, 'rotation_suspended']);
  });

  it('puts both into quarantine where that is the policy, until an operator gives the device a code', async () => {
    const policy = { clone_policy: 'quarantine' };
    expect((await cloud.call('PUT', '/api/v1/organization', policy)).status).toBe(200);
    expect((await cloud.call('POST', `/api/v1/devices/${deviceId}/restore`)).status).toBe(200);
    await Promise.all([card.stop(), copy.stop()]);
    card = story.agent(cardPlace, trusting(cloud), machine('card', oneId, boots[0]));
    await card.until('online', isOnline, patience);
    copy = story.agent(copyPlace, trusting(cloud), machine('copy', oneId, boots[2]));
    await untilShown('quarantine', ({ status }) => status === 'quarantined');
    for (const agent of [card, copy]) {
      const status = await agent.until('rejected', ({ status: name }) => name === 'rejected', patience);
      expect(status).toMatchObject({ device_id: deviceId, last_error: { code: 'device_quarantined' } });
    }
    await card.stop();
    const { code } = await story.code(cloud, { device_id: deviceId });
    card = story.agent(cardPlace, trusting(cloud, code), machine('card', oneId, boots[0]));
    await card.until('online with its own key', isOnline, patience);
    expect(await shown()).toMatchObject({ status: 'online', clone_suspected_at: null });
    await copy.stop();
    copy = story.agent(copyPlace, trusting(cloud), machine('copy', oneId, boots[2]));
    const status = await copy.until('rejected', ({ status: name }) => name === 'rejected', patience);
    expect(status.last_error?.code).toBe('key_rejected');
    expect(await card.status()).toMatchObject({ status: 'online', device_id: deviceId });
  });

  it('leaves no key and no code in the logs', () => {
    const logs = story.logs();
    for (const secret of story.secrets) expect(logs).not.toContain(secret);
    expect(logs).toContain('two devices use one identity');
  });
});

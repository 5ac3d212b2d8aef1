import { SimulatedFiles, SimulatedTime } from '@edgeflow/platform/simulated';
import { describe, expect, it } from 'vitest';
import type { CommandHandler } from './commands/runner.ts';
import { FakeCloud, type NetworkFault } from './testing/fake-cloud.ts';
import { type DeviceSettings, FakeDevice, stateFolder } from './testing/fake-device.ts';

const code = 'PROV-A1B2-C3D4';
const minuteMs = 60_000;

interface World {
  readonly time: SimulatedTime;
  readonly files: SimulatedFiles;
  readonly cloud: FakeCloud;
  readonly device: (settings?: DeviceSettings) => FakeDevice;
}

async function world(): Promise<World> {
  const time = new SimulatedTime();
  const files = new SimulatedFiles();
  await files.makeFolder(stateFolder);
  const cloud = new FakeCloud(time);
  cloud.addCode(code);
  return {
    time,
    files,
    cloud,
    device: (settings = { code }) => new FakeDevice(time, files, cloud, settings),
  };
}

function begin(device: FakeDevice): void {
  void device.start();
}

describe('one code', () => {
  it('makes one device that is online, with a heartbeat at once', async () => {
    const { time, cloud, device } = await world();
    const one = device();
    begin(one);
    await time.advance(1000);
    expect(one.view).toMatchObject({ status: 'online', deviceId: 'dev_1', problem: undefined });
    expect(one.pongs).toBe(1);
    expect(cloud.online).toEqual(['dev_1']);
  });

  it.each<[NetworkFault[]]>([
    [['lose_request']],
    [['lose_answer']],
    [['portal']],
    [['unavailable']],
    [['half_an_answer']],
    [
      [
        'lose_answer',
        'portal',
        'lose_answer',
        'unavailable',
        'half_an_answer',
        'lose_request',
        'lose_answer',
      ],
    ],
  ])('makes one device through %j, claiming with one key', async (faults) => {
    const { time, cloud, device } = await world();
    cloud.faults.push(...faults);
    const one = device();
    begin(one);
    await time.advance(10 * minuteMs);
    expect(one.view?.status).toBe('online');
    expect(cloud.devices.size).toBe(1);
    expect(new Set(cloud.claims).size).toBe(1);
  });

  it('makes one device however long the cloud cannot be reached, and says why meanwhile', async () => {
    const { time, cloud, device } = await world();
    cloud.isReachable = false;
    const one = device();
    begin(one);
    await time.advance(48 * 60 * minuteMs);
    expect(one.view).toMatchObject({ status: 'provisioning', problem: { code: 'cloud_unreachable' } });
    cloud.isReachable = true;
    await time.advance(2 * minuteMs);
    expect(one.view?.status).toBe('online');
  });

  it('makes one device when the disk is full at any moment of it', async () => {
    for (let full = 0; ; full += 1) {
      const { time, files, cloud, device } = await world();
      const one = device();
      let writes = 0;
      files.fault = (step) => {
        if (step !== 'write') return undefined;
        writes += 1;
        // The vault's key has to be there first: without it the agent does not start at all.
        return writes > full + 1 && writes < full + 20 ? 'ENOSPC' : undefined;
      };
      begin(one);
      await time.advance(60 * minuteMs);
      expect(one.view?.status, `full from write ${String(full)}`).toBe('online');
      expect(cloud.devices.size).toBe(1);
      if (writes <= full + 1) break;
    }
  });
});

describe('killed at any disk operation', () => {
  /** Lives through onboarding, dying once at `dieAt`, and starts again from what the disk then holds. */
  async function liveThrough(dieAt: number, isPowerCut: boolean, faults: NetworkFault[]): Promise<boolean> {
    const { time, files, cloud, device } = await world();
    cloud.faults.push(...faults);
    const first = device({ code, seed: 1 });
    first.dieAt = dieAt;
    begin(first);
    await time.advance(2 * minuteMs);
    if (first.isAlive) return false;
    if (isPowerCut) files.powerCut();
    const second = device({ code, seed: 2 });
    begin(second);
    await time.advance(10 * minuteMs);
    const at = `died at ${String(dieAt)}, ${isPowerCut ? 'power cut' : 'SIGKILL'}, ${faults.join()}`;
    expect(second.view?.status, at).toBe('online');
    expect(cloud.devices.size, at).toBe(1);
    expect(new Set(cloud.online), at).toEqual(new Set(['dev_1']));
    // And once more, without trouble: nothing of the first life is in the way.
    second.kill();
    const third = device({ code, seed: 3 });
    begin(third);
    await time.advance(2 * minuteMs);
    expect(third.view?.status, at).toBe('online');
    expect(cloud.devices.size, at).toBe(1);
    return true;
  }

  it.each([
    ['SIGKILL', false, []],
    ['a power cut', true, []],
    ['SIGKILL, with a lost answer', false, ['lose_answer']],
    ['a power cut, with a lost answer', true, ['lose_answer']],
  ] as [string, boolean, NetworkFault[]][])(
    'ends with one device that works: %s',
    async (_name, isPowerCut, faults) => {
      let deaths = 0;
      // Half steps die after the operation, whole steps before it.
      while (await liveThrough(deaths / 2, isPowerCut, faults)) deaths += 1;
      expect(deaths).toBeGreaterThan(30);
    },
  );

  it.each([
    ['SIGKILL', () => undefined],
    [
      'a power cut',
      (files) => {
        files.powerCut();
      },
    ],
    [
      'a power cut that keeps names which were not synced',
      (files) => {
        files.powerCut('kept');
      },
    ],
  ] as [string, (files: SimulatedFiles) => void][])(
    'a rotation ends with a key that works: %s',
    async (_name, crash) => {
      for (let dieAt = 0; ; dieAt += 0.5) {
        const { time, files, cloud, device } = await world();
        const first = device({ code, seed: 1 });
        begin(first);
        await time.advance(minuteMs);
        const registered = cloud.devices.get('dev_1');
        if (registered === undefined) throw new Error('not registered');
        first.dieAt = first.operations + dieAt;
        cloud.offerKey(registered, 'cmd_1');
        await time.advance(minuteMs);
        if (first.isAlive) {
          expect(dieAt).toBeGreaterThanOrEqual(10);
          return;
        }
        crash(files);
        const second = device({ code, seed: 2 });
        begin(second);
        await time.advance(minuteMs);
        expect(second.view?.status, `died at ${String(dieAt)}`).toBe('online');
        // No registration was needed for it, and one key is left: the one that the device holds.
        expect(cloud.claims).toHaveLength(1);
        if (registered.nextKey !== undefined) {
          cloud.offerKey(registered, 'cmd_2');
          await time.advance(minuteMs);
        }
        expect(registered.nextKey, `died at ${String(dieAt)}`).toBeUndefined();
        expect(cloud.presented.at(-1)).toBe(registered.key);
        second.kill();
        const third = device({ code, seed: 3 });
        begin(third);
        await time.advance(minuteMs);
        expect(third.view?.status, `died at ${String(dieAt)}`).toBe('online');
      }
    },
  );
});

describe('a copied disk', () => {
  it('gives one board the device and lets the other hear that the code was used', async () => {
    const { time, files, cloud, device } = await world();
    cloud.faults.push('lose_answer');
    const original = device({ code, seed: 1, board: '1000' });
    begin(original);
    await time.advance(50);
    original.kill();
    const copy = device({ code, seed: 2, board: '2000' });
    begin(copy);
    await time.advance(10 * minuteMs);
    expect(copy.view).toMatchObject({ status: 'unprovisioned', problem: { code: 'code_already_used' } });
    expect(cloud.devices.size).toBe(1);
    expect(new Set(cloud.claims).size).toBe(2);
    expect(await files.list(stateFolder)).not.toContain('identity.vault');
  });
});

describe('a device that is online', () => {
  async function online(settings: DeviceSettings = { code }) {
    const made = await world();
    const one = made.device(settings);
    const connection = await one.start();
    await made.time.advance(minuteMs);
    expect(one.view?.status).toBe('online');
    const registered = made.cloud.devices.get('dev_1');
    if (registered === undefined) throw new Error('not registered');
    const command = async (action: string, payload: unknown = {}, id = `cmd_${action}`) => {
      made.cloud.send('dev_1', { type: 'command', id, action, payload });
      await made.time.advance(500);
      return made.cloud.responses.get(id);
    };
    return { ...made, one, connection, registered, command };
  }

  it('returns after every kind of close, within a minute or as told', async () => {
    const { time, cloud, one } = await online();
    for (const close of [1000, 1001, 1006, 4409, 4410]) {
      cloud.closeAll(close);
      await time.advance(minuteMs + 1000);
      expect(one.view?.status, String(close)).toBe('online');
    }
    expect(one.replaced).toBe(1);
    cloud.closeAll(4429, '600');
    await time.advance(590_000);
    expect(one.view?.status).toBe('offline');
    await time.advance(2 * minuteMs);
    expect(one.view?.status).toBe('online');
  });

  it('notices a cloud that has gone silent within 90 seconds, and returns', async () => {
    const { time, cloud, one } = await online();
    cloud.isSilent = true;
    await time.advance(91_000);
    expect(one.view?.problem?.code).toBe('tunnel_silent');
    cloud.isSilent = false;
    await time.advance(3 * minuteMs);
    expect(one.view?.status).toBe('online');
  });

  it('keeps its identity when it is revoked, and comes back by itself when it is restored', async () => {
    const { time, cloud, one, registered } = await online();
    registered.state = 'revoked';
    cloud.closeAll(4403, 'device_revoked');
    await time.advance(60 * minuteMs);
    expect(one.view).toMatchObject({
      status: 'rejected',
      deviceId: 'dev_1',
      problem: { code: 'device_revoked' },
    });
    expect(cloud.presented.length).toBeLessThan(20);
    registered.state = 'active';
    await time.advance(11 * minuteMs);
    expect(one.view?.status).toBe('online');
  });

  it('rotates its key: answers first, then reconnects with the new one, and the old one is gone', async () => {
    const { time, files, cloud, one, registered } = await online();
    const key = cloud.offerKey(registered, 'cmd_rotate');
    await time.advance(5000);
    expect(cloud.responses.get('cmd_rotate')).toMatchObject({ status: 'success' });
    expect(cloud.presented.at(-1)).toBe(key);
    expect(one.view).toMatchObject({ status: 'online', keyExpiresAt: '2028-01-01T00:00:00Z' });
    one.kill();
    files.powerCut();
    const again = new FakeDevice(time, files, cloud, { code, seed: 5 });
    begin(again);
    await time.advance(minuteMs);
    expect(cloud.presented.at(-1)).toBe(key);
  });

  it.each([
    {},
    { api_key: 'efk_1' },
    { api_key: '', expires_at: 'x' },
    { api_key: 'x'.repeat(600), expires_at: 'x' },
  ])('declines the offer %j and goes on', async (payload) => {
    const { one, command } = await online();
    expect(await command('rotate_key', payload)).toMatchObject({
      status: 'error',
      error: expect.stringMatching(/^payload_malformed/),
    });
    expect(one.view?.status).toBe('online');
  });

  it('answers an unknown action with an error that names the known ones', async () => {
    const { command } = await online();
    expect(await command('self_destruct')).toMatchObject({
      status: 'error',
      error: expect.stringMatching(/^unknown_action: .*get_shadow.*rotate_key/),
    });
  });

  it('answers health_check and get_shadow, without secrets', async () => {
    const { command, registered } = await online();
    expect(await command('health_check')).toMatchObject({ status: 'success', data: { status: 'ok' } });
    const shadow = await command('get_shadow');
    expect(shadow).toMatchObject({ status: 'success', data: { reported: { agent_version: '1.0.0' } } });
    expect(JSON.stringify(shadow)).not.toContain(registered.key);
  });

  it('reports its facts once, and applies what was desired while it was away', async () => {
    const applied: unknown[] = [];
    const applyDesired = async (desired: object) => {
      applied.push(desired);
      return { log_level: 'debug' };
    };
    const { time, cloud, registered } = await online({ code, applyDesired });
    expect(registered.reported).toEqual({ agent_version: '1.0.0' });
    registered.desired = { log_level: 'debug' };
    cloud.closeAll(1001);
    await time.advance(2 * minuteMs);
    expect(applied).toEqual([{ log_level: 'debug' }]);
    expect(registered.reported).toEqual({ agent_version: '1.0.0', log_level: 'debug' });
  });

  it('answers for a handler that throws, hangs or says too much', async () => {
    const { time, cloud, command } = await online({
      code,
      commands: [
        ['throw', () => Promise.reject(new Error('efk_secret'))],
        ['hang', () => Promise.withResolvers<never>().promise],
        ['shout', async () => ({ data: 'x'.repeat(70_000) })],
      ],
    });
    expect(await command('throw')).toMatchObject({ status: 'error', error: 'internal: the handler failed' });
    expect(await command('shout')).toMatchObject({
      status: 'error',
      error: expect.stringMatching(/^answer_too_large/),
    });
    expect(await command('hang')).toBeUndefined();
    await time.advance(30_000);
    expect(cloud.responses.get('cmd_hang')).toMatchObject({ error: expect.stringMatching(/^timed_out/) });
  });

  it('runs at most eight commands at once, and says so to the ninth', async () => {
    const { command } = await online({
      code,
      commands: [['hang', () => Promise.withResolvers<never>().promise]],
    });
    for (let i = 0; i < 8; i += 1) expect(await command('hang', {}, `cmd_${String(i)}`)).toBeUndefined();
    expect(await command('get_shadow')).toMatchObject({
      status: 'error',
      error: expect.stringMatching(/^busy/),
    });
    expect(await command('health_check')).toMatchObject({ status: 'success' });
  });

  it('fills no socket that does not drain, however many answers are asked for', async () => {
    const big: CommandHandler = async () => ({ data: 'x'.repeat(60_000) });
    const { cloud, connection, one, command } = await online({ code, commands: [['big', big]] });
    cloud.bytesSent = 0;
    cloud.isSilent = true;
    for (let i = 0; i < 60; i += 1) await command('big', {}, `cmd_${String(i)}`);
    expect(cloud.bytesSent).toBeGreaterThan(900_000);
    expect(cloud.bytesSent).toBeLessThan(1_200_000);
    expect(one.log.filter((line) => line.includes('could not be sent'))).toHaveLength(1);
    expect(connection.view.status).toBe('online');
  });

  it('lets any number of answers through a socket that drains', async () => {
    const big: CommandHandler = async () => ({ data: 'x'.repeat(60_000) });
    const { command } = await online({ code, commands: [['big', big]] });
    for (let i = 0; i < 60; i += 1) {
      expect(await command('big', {}, `cmd_${String(i)}`)).toMatchObject({ status: 'success' });
    }
  });

  it('goes on through frames it cannot read', async () => {
    const { cloud, one, command } = await online();
    for (const frame of ['nonsense', { type: 'weather' }, { type: 'command' }, { type: 'connect' }, []]) {
      cloud.send('dev_1', frame);
    }
    expect(one.view?.status).toBe('online');
    expect(await command('health_check')).toMatchObject({ data: { malformedFrames: 4, unknownFrames: 1 } });
  });

  it('writes no more than a line a minute about them', async () => {
    const { cloud, one, command, time } = await online();
    const lines = (): string[] => one.log.filter((line) => line.includes('malformed'));
    for (let sent = 0; sent < 1_000; sent += 1) cloud.send('dev_1', ['nonsense', sent]);
    expect(lines()).toHaveLength(1);
    await time.advance(60_000);
    for (let sent = 0; sent < 1_000; sent += 1) cloud.send('dev_1', ['nonsense', sent]);
    expect(lines()).toHaveLength(2);
    expect(await command('health_check')).toMatchObject({ data: { malformedFrames: 2_000 } });
  });

  it('sends commands of its own and hears the answers', async () => {
    const { time, cloud, connection } = await online();
    const answered = connection.call('get_time', {}, 1000);
    await time.advance(100);
    expect(await answered).toEqual({ kind: 'answered', status: 'success', data: { ok: true } });
    cloud.isSilent = true;
    const unanswered = connection.call('get_time', {}, 1000);
    await time.advance(1000);
    expect(await unanswered).toEqual({ kind: 'timed_out' });
    const cut = connection.call('get_time', {}, 60_000);
    cloud.closeAll(1006);
    await time.advance(100);
    expect(await cut).toEqual({ kind: 'offline' });
  });

  it('says goodbye with close frame 1000 when it is stopped, and leaves no timer behind', async () => {
    const { time, cloud, connection } = await online();
    const stopped = connection.stop();
    await time.advance(100);
    await stopped;
    expect(cloud.online).toEqual([]);
    expect(time.pendingCount).toBe(0);
  });

  it('logs no secret', async () => {
    const { time, cloud, one, registered } = await online();
    cloud.offerKey(registered, 'cmd_rotate');
    await time.advance(5000);
    registered.state = 'revoked';
    cloud.closeAll(4403);
    await time.advance(20 * minuteMs);
    const log = one.log.join('\n');
    for (const secret of [code, 'A1B2', ...cloud.claims, ...cloud.presented])
      expect(log).not.toContain(secret);
    expect(log).not.toBe('');
  });
});

describe('a registration that a person asks for', () => {
  it('replaces the identity only when the new one works', async () => {
    const { time, cloud, device } = await world();
    cloud.addCode('PROV-NEWW-C0DE');
    const one = device();
    const connection = await one.start();
    await time.advance(minuteMs);
    expect(await connection.ask('PROV-NEWW-C0DE', false)).toEqual({
      kind: 'declined',
      code: 'already_provisioned',
    });
    const asked = connection.ask('prov newwc0de', true);
    await time.advance(minuteMs);
    expect(await asked).toMatchObject({ kind: 'redeemed', grant: { deviceId: 'dev_2' } });
    expect(one.view).toMatchObject({ status: 'online', deviceId: 'dev_2' });
  });

  it('falls back to the old identity when the new one is refused', async () => {
    const { time, cloud, device } = await world();
    cloud.addCode('PROV-NEWW-C0DE');
    const one = device();
    const connection = await one.start();
    await time.advance(minuteMs);
    const asked = connection.ask('PROV-NEWW-C0DE', true);
    await time.advance(45);
    const second = cloud.devices.get('dev_2');
    if (second !== undefined) second.state = 'revoked';
    await time.advance(minuteMs);
    expect((await asked).kind).toBe('redeemed');
    expect(one.view).toMatchObject({
      status: 'online',
      deviceId: 'dev_1',
      problem: { code: 'device_revoked' },
    });
  });
});

describe('configured credentials', () => {
  it('connect without a code, and survive a rotation and a restart', async () => {
    const { time, files, cloud, device } = await world();
    const registered = cloud.addDevice('dev_pre', 'efk_pre');
    const explicit = { deviceId: 'dev_pre', apiKey: 'efk_pre' };
    const one = device({ explicit });
    begin(one);
    await time.advance(minuteMs);
    const key = cloud.offerKey(registered, 'cmd_1');
    await time.advance(minuteMs);
    one.kill();
    files.powerCut();
    const two = device({ explicit, seed: 2 });
    begin(two);
    await time.advance(minuteMs);
    expect(two.view?.status).toBe('online');
    expect(cloud.presented.at(-1)).toBe(key);
  });
});

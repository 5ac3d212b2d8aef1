import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventuallyTrue } from '../apps/cloud/src/testing/eventually.ts';
import { type Identity, TestDevice } from '../apps/cloud/src/testing/test-device.ts';
import { cpuSeconds } from '../bench/support/child.ts';
import { type CloudProcess, startCloud } from './support/cloud-process.ts';
import { Story } from './support/story.ts';

const openFilesMax = 256;
/** What connections may take of them: apps/cloud/src/http/open-files.ts. */
const connectionsMax = 192;
const watchMs = 2_000;

describe.runIf(process.platform === 'linux')('a cloud process with few open files', () => {
  const story = new Story();
  const devices: TestDevice[] = [];
  const strangers: Socket[] = [];
  let cloud: CloudProcess;

  beforeAll(async () => {
    cloud = await startCloud({ folder: story.folder, openFilesMax });
  });
  afterAll(async () => {
    for (const { socket } of devices) socket.terminate();
    for (const socket of strangers) socket.destroy();
    await cloud.stop();
    await story.end();
  });

  const pid = (): number => cloud.child.pid ?? 0;
  const openFiles = async (): Promise<number> => (await readdir(`/proc/${String(pid())}/fd`)).length;

  async function makeIdentity(): Promise<Identity> {
    return (await cloud.call('POST', '/api/v1/devices', {})).json as Identity;
  }

  function dial(url: string): Socket {
    const { hostname: host, port } = new URL(url);
    const socket = connect({ host, port: Number(port) }).on('error', () => undefined);
    strangers.push(socket);
    return socket.resume();
  }

  /** Every tunnel still answers. */
  async function allSettled(): Promise<void> {
    await Promise.all(devices.map((device) => device.settled()));
  }

  it('sends strangers away for devices, until devices are all it has', async () => {
    const identities: Identity[] = [];
    while (identities.length < connectionsMax) identities.push(await makeIdentity());
    for (let opened = 0; opened < openFilesMax; opened += 1)
      dial(opened % 2 === 0 ? cloud.url : cloud.plainUrl);
    for (const identity of identities) devices.push(await TestDevice.connect(cloud.plainUrl, identity));
    await allSettled();
    // No room is left for anybody else.
    await expect(cloud.call('GET', '/healthz')).rejects.toThrow();
    await allSettled();
    expect(await openFiles()).toBeLessThan(openFilesMax);
    expect(cloud.lines.filter((line) => line.includes('raise the limit of open files'))).toHaveLength(1);
  });

  it('neither spins nor ends when it has no descriptor left at all, and every tunnel stays', async () => {
    // As if files of its own had taken the rest: it may have no more than it has.
    const held = await openFiles();
    execFileSync('prlimit', ['--pid', String(pid()), `--nofile=${String(held)}:${String(openFilesMax)}`]);
    expect(readFileSync(`/proc/${String(pid())}/limits`, 'utf8')).toMatch(
      new RegExp(`Max open files +${String(held)} `),
    );
    const refused = Array.from({ length: 100 }, () => once(dial(cloud.url), 'close'));
    await Promise.all(refused);
    const before = cpuSeconds(pid());
    await sleep(watchMs);
    expect((cpuSeconds(pid()) - before) * 1000).toBeLessThan(watchMs / 2);
    await allSettled();
    expect(cloud.child.exitCode).toBeNull();
  });

  it('takes newcomers again as soon as there is room', async () => {
    for (const { socket } of devices.splice(0, 20)) socket.terminate();
    await eventuallyTrue('answers', async () =>
      cloud.call('GET', '/healthz').then(
        ({ status }) => status === 200,
        () => false,
      ),
    );
    devices.push(await TestDevice.connect(cloud.plainUrl, await makeIdentity()));
    await allSettled();
  });
});

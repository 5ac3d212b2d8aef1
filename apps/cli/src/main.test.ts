import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeAuthority } from './testing/certificates.ts';
import { TinyCloud, tinyToken } from './testing/tiny-cloud.ts';

const main = join(import.meta.dirname, 'main.ts');
let folder: string;
let cloud: TinyCloud;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'edgeflow-cli-'));
  const authority = await makeAuthority();
  cloud = await TinyCloud.start(await authority.issue(['127.0.0.1']));
  await writeFile(join(folder, 'ca.pem'), authority.caPem);
  await writeFile(join(folder, 'token'), `${tinyToken}\n`, { mode: 0o600 });
  cloud.registry.addDevice({ device_id: 'dev_1', name: 'pump' });
});
afterAll(async () => {
  await cloud.stop();
  await rm(folder, { recursive: true });
});

interface Left {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The real program in a process of its own, with these variables and no others of ours. */
async function edgeflow(argv: readonly string[], environment: Record<string, string> = {}): Promise<Left> {
  const child = spawn(process.execPath, [main, ...argv], {
    cwd: folder,
    env: { PATH: process.env.PATH, EDGEFLOW_URL: cloud.url, EDGEFLOW_CA_FILE: 'ca.pem', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const left = new Promise<number | null>((resolve) => {
    child.once('close', resolve);
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { exitCode: await left, stdout, stderr };
}

describe('the program', () => {
  it('reads its environment, trusts the CA file, and leaves with 0', async () => {
    const ran = await edgeflow(['devices', 'list', '--json'], { EDGEFLOW_TOKEN_FILE: 'token' });
    expect([ran.exitCode, ran.stderr]).toEqual([0, '']);
    expect(JSON.parse(ran.stdout)).toMatchObject({ devices: [{ device_id: 'dev_1', name: 'pump' }] });
  });

  it('leaves with the code of its failure', async () => {
    const missing = await edgeflow(['devices', 'show', 'dev_2', '--token-file', 'token']);
    expect([missing.exitCode, missing.stdout]).toEqual([4, '']);
    const untrusted = await edgeflow(['devices', 'list'], {
      EDGEFLOW_TOKEN: tinyToken,
      EDGEFLOW_CA_FILE: '',
    });
    expect([untrusted.exitCode, untrusted.stderr]).toEqual([6, expect.stringContaining('(tls_untrusted)')]);
  });

  it('stays alive while it waits to reconnect, when nothing but a timer is left', async () => {
    cloud.stream.send('device.online', 'dev_1');
    const running = edgeflow(['events', '--count', '2', '--after', '0', '--token-file', 'token']);
    await cloud.stream.nextReader();
    cloud.stream.break('end');
    cloud.stream.send('device.offline', 'dev_1');
    const { exitCode, stdout } = await running;
    expect([exitCode, stdout.split('\n').length]).toEqual([0, 3]);
  });

  it('ends quietly when its reader has seen enough', async () => {
    const child = spawn(process.execPath, [main, 'events', '--after', '0', '--token-file', 'token'], {
      cwd: folder,
      env: { PATH: process.env.PATH, EDGEFLOW_URL: cloud.url, EDGEFLOW_CA_FILE: 'ca.pem' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const left = new Promise<number | null>((resolve) => {
      child.once('close', resolve);
    });
    const stderr = text(child.stderr);
    await new Promise((resolve) => {
      child.stdout.once('data', resolve);
    });
    child.stdout.destroy();
    // The pipe is closed; the next line has nobody to read it.
    for (let i = 0; i < 100 && child.exitCode === null; i += 1) {
      cloud.stream.send('device.online', 'dev_1', { filler: 'x'.repeat(10_000) });
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    }
    expect([await left, await stderr]).toEqual([0, '']);
  });
});

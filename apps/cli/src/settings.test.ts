import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemFiles } from '@edgeflow/platform';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CliFailure } from './failure.ts';
import { type Environment, readSettings, type Settings, type SettingsFlags } from './settings.ts';

const token = 'edgeflow_token-that-is-secret';
const certificate = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'edgeflow-cli-'));
  await writeFile(join(folder, 'token'), `${token}\n`);
  await writeFile(join(folder, 'two-lines'), `${token}\n${token}\n`);
  await writeFile(join(folder, 'empty'), '\n');
  await writeFile(join(folder, 'ca.pem'), certificate);
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

function read(flags: SettingsFlags, environment: Environment): Promise<Settings> {
  return readSettings(flags, environment, systemFiles, folder);
}

async function failureOf(flags: SettingsFlags, environment: Environment): Promise<string> {
  const error: unknown = await read(flags, environment).catch((thrown: unknown) => thrown);
  if (!(error instanceof CliFailure)) throw new Error('it was accepted');
  expect(error.exitCode).toBe(2);
  expect(error.facts.next_step).toMatch(/^[A-Z].*\.$/);
  expect(JSON.stringify(error.facts)).not.toContain('secret');
  return error.facts.title;
}

describe('the address of the cloud', () => {
  it.each([
    ['cloud.example', 'https://cloud.example/'],
    ['cloud.example:8443', 'https://cloud.example:8443/'],
    ['https://cloud.example/edgeflow/', 'https://cloud.example/edgeflow'],
    ['http://127.0.0.1:3000', 'http://127.0.0.1:3000/'],
    ['http://localhost:3000', 'http://localhost:3000/'],
    ['http://[::1]:3000', 'http://[::1]:3000/'],
  ])('%s means %s', async (given, meant) => {
    expect((await read({}, { EDGEFLOW_URL: given })).url.href).toBe(meant);
  });

  it('comes from the flag before the environment', async () => {
    expect((await read({ url: 'b.example' }, { EDGEFLOW_URL: 'a.example' })).url.host).toBe('b.example');
  });

  it('is refused where it would send a token in the clear, or holds a password, or is none', async () => {
    expect(await failureOf({}, {})).toMatch(/no address/);
    expect(await failureOf({}, { EDGEFLOW_URL: '' })).toMatch(/no address/);
    for (const url of ['http://cloud.example', 'http://192.168.1.5:3000', 'http://127.0.0.1.example']) {
      expect(await failureOf({ url }, {}), url).toMatch(/--url would send the token .* unencrypted/);
    }
    expect(await failureOf({}, { EDGEFLOW_URL: 'https://me:secret@cloud.example' })).toMatch(
      /more than an address/,
    );
    expect(await failureOf({}, { EDGEFLOW_URL: 'https://cloud.example/#secret' })).toMatch(
      /more than an address/,
    );
    for (const url of ['ftp://cloud.example', 'https://', ':::', 'ws://x']) {
      expect(await failureOf({ url }, {}), url).toMatch(/--url is not an address/);
    }
  });
});

describe('the token', () => {
  const url = { EDGEFLOW_URL: 'cloud.example' };

  it('comes from the flag, the environment or the file that the environment names', async () => {
    expect((await read({}, { ...url, EDGEFLOW_TOKEN: token })).token).toBe(token);
    expect((await read({}, { ...url, EDGEFLOW_TOKEN_FILE: 'token' })).token).toBe(token);
    expect(
      (await read({ tokenFile: join(folder, 'token') }, { ...url, EDGEFLOW_TOKEN: 'other' })).token,
    ).toBe(token);
    expect((await read({}, url)).token).toBeUndefined();
  });

  it('is refused when it is given twice, is empty, or is more than a token; and is never repeated', async () => {
    const both = { ...url, EDGEFLOW_TOKEN: token, EDGEFLOW_TOKEN_FILE: 'token' };
    expect(await failureOf({}, both)).toMatch(/both set/);
    expect(await failureOf({ tokenFile: 'empty' }, url)).toMatch(/--token-file is empty/);
    expect(await failureOf({ tokenFile: 'two-lines' }, url)).toMatch(/other than one token/);
    expect(await failureOf({}, { ...url, EDGEFLOW_TOKEN: `${token}\r\nX-Injected: 1` })).toMatch(
      /other than one token/,
    );
  });

  it('in a file that cannot be read names the file and the cause', async () => {
    expect(await failureOf({ tokenFile: 'nowhere' }, url)).toBe(
      `The file in --token-file cannot be read: ${join(folder, 'nowhere')} (ENOENT)`,
    );
  });
});

describe('the authorities to trust', () => {
  it('come from a PEM file, relative to where one stands', async () => {
    const url = { EDGEFLOW_URL: 'cloud.example' };
    expect((await read({}, { ...url, EDGEFLOW_CA_FILE: 'ca.pem' })).caPem).toBe(certificate);
    expect(await failureOf({ caFile: 'token' }, url)).toBe('The file in --ca-file holds no certificate');
  });
});

describe('the proxy', () => {
  it('is what the environment says, and nothing else of it', async () => {
    const environment = {
      EDGEFLOW_URL: 'cloud.example',
      HTTPS_PROXY: 'http://proxy',
      no_proxy: '',
      HOME: '/root',
    };
    expect((await read({}, environment)).proxyEnv).toEqual({ HTTPS_PROXY: 'http://proxy' });
  });
});

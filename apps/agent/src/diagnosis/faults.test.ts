import { copyFileSync, cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { RequestListener } from 'node:http';
import { closeCodes, type Diagnosis, type ErrorCode, problemFor, problemMediaType } from '@edgeflow/contract';
import { FileError, type Files, systemClock, systemFiles } from '@edgeflow/platform';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { makeCertificate, type TestCertificate } from '../net/testing/certificates.ts';
import { closeAll, keep } from '../net/testing/cleanup.ts';
import { type CloudScript, type ScriptedCloud, startScriptedCloud } from '../net/testing/scripted-cloud.ts';
import { startProxy, startTcp } from '../net/testing/servers.ts';
import {
  deviceFolder,
  type RealAgent,
  type RealAgentOptions,
  startRealAgent,
} from '../testing/real-agent.ts';

/**
 * Every fault that a person is likely to meet, made for real: real sockets, certificates, proxies and a real disk,
 * around a whole agent. Each must be told from all others, by the check that fails, its code and its next step.
 */

const code = 'PROV-A1B2-C3D4';
let authority: TestCertificate;
let leaf: TestCertificate;

beforeAll(async () => {
  authority = await makeCertificate({ name: 'CA', isAuthority: true });
  leaf = await makeCertificate({ name: 'cloud', issuer: authority, hosts: ['127.0.0.1', 'cloud.test'] });
});

afterEach(closeAll);

interface Fault {
  /** The check that does not pass, and the code it names. */
  readonly check: string;
  readonly code: ErrorCode | null;
  readonly result?: 'warn';
  /** The device in this fault, as settled as it gets. */
  readonly make: () => Promise<RealAgent>;
}

function cloud(script: Omit<CloudScript, 'chain'> = {}, chain = [leaf, authority]): Promise<ScriptedCloud> {
  return startScriptedCloud({ chain, ...script });
}

async function device(url: string, over: Partial<RealAgentOptions> = {}): Promise<RealAgent> {
  const settings = {
    EDGEFLOW_SAAS_URL: url,
    EDGEFLOW_SAAS_TLS_PIN: authority.pin,
    EDGEFLOW_PROVISIONING_CODE: code,
    ...over.settings,
  };
  return keep(await startRealAgent({ ...over, settings }));
}

/** The device once it has told a problem, or, without one to tell, is online. */
async function settled(agent: RealAgent): Promise<RealAgent> {
  await agent.until(({ status, last_error: error }) => error !== null || status === 'online');
  return agent;
}

function refusedWith(refuses: ErrorCode): Fault {
  const make = async () => settled(await device((await cloud({ refuses })).url));
  return { check: 'identity', code: refuses, make };
}

function closedWith(closeCode: number, error: ErrorCode): Fault {
  const make = async () =>
    settled(await device((await cloud({ closesWith: { code: closeCode, error } })).url));
  return { check: 'tunnel', code: error, make };
}

/** The machine's disk, until it fails. */
function failingDisk(errno: string): { readonly files: Files; fail(): void } {
  let isFailing = false;
  const write: Files['write'] = (path, bytes, mode) =>
    isFailing ? Promise.reject(new FileError(errno, path)) : systemFiles.write(path, bytes, mode);
  return { files: { ...systemFiles, write }, fail: () => (isFailing = true) };
}

function failedDisk(errno: string): Fault {
  const make = async () => {
    const disk = failingDisk(errno);
    const agent = await settled(await device((await cloud()).url, { files: disk.files }));
    disk.fail();
    return agent;
  };
  return { check: 'disk', code: 'state_folder_unusable', make };
}

const isStarting: RequestListener = (_request, response) => {
  const document = problemFor('not_ready', 'req_1');
  response.writeHead(503, { 'content-type': problemMediaType }).end(JSON.stringify(document));
};

/** `cloud.test` is this machine, for the device under test. */
const resolve = () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]);
const noSuchName = () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' }));

const faults: Readonly<Record<string, Fault>> = {
  'the name does not resolve': {
    check: 'resolve',
    code: 'name_not_resolved',
    make: async () => settled(await device('https://cloud.test', { resolve: noSuchName })),
  },
  'the proxy refuses': {
    check: 'proxy',
    code: 'proxy_refused',
    make: async () => {
      const proxy = keep(await startProxy({ targetPort: () => 1, credentials: 'user:pass' }));
      const HTTPS_PROXY = `http://user:wrong@127.0.0.1:${String(proxy.port)}`;
      return settled(await device('https://cloud.test', { settings: { HTTPS_PROXY } }));
    },
  },
  'the port is closed': {
    check: 'tcp',
    code: 'cloud_unreachable',
    make: async () => {
      const gone = await startTcp(() => undefined);
      await gone.close();
      return settled(await device(`https://127.0.0.1:${String(gone.port)}`));
    },
  },
  'a captive portal answers with a page': {
    check: 'cloud',
    code: 'captive_portal',
    make: async () =>
      settled(
        await device(
          (
            await cloud({
              handler: (_request, response) =>
                response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Welcome to the hotel</h1>'),
            })
          ).url,
        ),
      ),
  },
  'the chain is not trusted': {
    check: 'tls',
    code: 'tls_untrusted',
    make: async () => {
      const EDGEFLOW_SAAS_TLS_PIN = '';
      return settled(await device((await cloud()).url, { settings: { EDGEFLOW_SAAS_TLS_PIN } }));
    },
  },
  'the certificate is for another name': {
    check: 'tls',
    code: 'tls_name_mismatch',
    make: async () => {
      const { port } = await cloud();
      return settled(await device(`https://other.test:${String(port)}`, { resolve }));
    },
  },
  'the certificate has expired': {
    check: 'tls',
    code: 'tls_expired',
    make: async () => {
      const times = { validFromHours: -5, validUntilHours: -1 };
      const old = await makeCertificate({ name: 'cloud', issuer: authority, ...times });
      return settled(await device((await cloud({}, [old, authority])).url));
    },
  },
  'the pin is wrong': {
    check: 'pin',
    code: 'tls_pin_mismatch',
    make: async () => {
      const other = await makeCertificate({ name: 'other' });
      const settings = { EDGEFLOW_SAAS_TLS_PIN: other.pin };
      return settled(await device((await cloud()).url, { settings }));
    },
  },
  'the clock stands at 1970': {
    check: 'clock',
    code: 'clock_wrong',
    result: 'warn',
    make: async () => {
      const clock = { now: () => 60_000, monotonic: () => systemClock.monotonic() };
      return settled(await device((await cloud()).url, { clock }));
    },
  },
  'the disk is full': failedDisk('ENOSPC'),
  'the state folder is read-only': failedDisk('EROFS'),
  'the vault was copied without its key': {
    check: 'identity',
    code: 'vault_unreadable',
    make: async () => {
      const { url } = await cloud();
      const [first, copy] = [deviceFolder(), deviceFolder()];
      const original = await settled(await device(url, { folder: first }));
      await original.until(({ status }) => status === 'online');
      await original.close();
      mkdirSync(join(copy, 'state'), { mode: 0o700 });
      // The vault alone, as it is when a folder is copied without its key or sealed to another machine.
      copyFileSync(join(first, 'state', 'identity.vault'), join(copy, 'state', 'identity.vault'));
      folders.push(first, copy);
      const settings = { EDGEFLOW_PROVISIONING_CODE: '' };
      return settled(await device(url, { folder: copy, settings }));
    },
  },
  'the vault is another device’s': {
    check: 'identity',
    code: 'vault_unreadable',
    make: async () => {
      const { url } = await cloud();
      const [first, copy] = [deviceFolder('a'.repeat(32)), deviceFolder('b'.repeat(32))];
      const original = await settled(await device(url, { folder: first }));
      await original.until(({ status }) => status === 'online');
      await original.close();
      cpSync(join(first, 'state'), join(copy, 'state'), { recursive: true });
      folders.push(first, copy);
      const settings = { EDGEFLOW_PROVISIONING_CODE: '' };
      return settled(await device(url, { folder: copy, settings }));
    },
  },
  'the code is unknown': refusedWith('code_unknown'),
  'the code has expired': refusedWith('code_expired'),
  'the code was used': refusedWith('code_already_used'),
  'the code was revoked': refusedWith('code_revoked'),
  'the code is bound elsewhere': refusedWith('binding_mismatch'),
  'there is no code': {
    check: 'identity',
    code: 'code_missing',
    make: async () => {
      const settings = { EDGEFLOW_PROVISIONING_CODE: '' };
      return settled(await device((await cloud()).url, { settings }));
    },
  },
  'the key is rejected': closedWith(closeCodes.keyRejected, 'key_rejected'),
  'the device is revoked': closedWith(closeCodes.deviceRefused, 'device_revoked'),
  'the device is deleted': closedWith(closeCodes.deviceDeleted, 'device_deleted'),
  'the cloud is down behind its gateway': {
    check: 'cloud',
    code: 'cloud_unreachable',
    make: async () =>
      settled(
        await device(
          (await cloud({ handler: (_request, response) => response.writeHead(503).end('down') })).url,
        ),
      ),
  },
  'the cloud is starting': {
    check: 'cloud',
    code: 'not_ready',
    result: 'warn',
    make: async () => settled(await device((await cloud({ handler: isStarting })).url)),
  },
  'the cloud breaks off without an answer': {
    check: 'cloud',
    code: 'cloud_unreachable',
    make: async () =>
      settled(await device((await cloud({ handler: (request) => request.socket.destroy() })).url)),
  },
  'the cloud accepts connections and breaks off the handshake': {
    check: 'tls',
    code: 'cloud_unreachable',
    make: async () => {
      const rude = keep(await startTcp((socket) => socket.once('data', () => socket.destroy())));
      return settled(await device(`https://127.0.0.1:${String(rude.port)}`));
    },
  },
};

const folders: string[] = [];
const told: { readonly fault: string; readonly line: string; readonly step: string }[] = [];

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** The checks that say something: what only follows from them is left out. */
function findings({ checks }: Diagnosis) {
  return checks.filter(({ result, detail }) => result !== 'ok' && !detail.startsWith('not checked:'));
}

describe('a diagnosis names the fault and what to do when', () => {
  it.each(Object.keys(faults))('%s', async (name) => {
    const fault = faults[name];
    if (fault === undefined) throw new Error(name);
    const agent = await fault.make();
    const diagnosis = await agent.diagnosis();
    // What the tunnel or the registration ran into is the same thing once more.
    const [first] = findings(diagnosis);
    expect(first).toMatchObject({ name: fault.check, code: fault.code, result: fault.result ?? 'fail' });
    expect(diagnosis.ok).toBe(fault.result === 'warn');
    const printed = await agent.doctor();
    const line = printed.split('\n').find((text) => text.slice(6).startsWith(fault.check)) ?? '';
    expect(withoutNumbers(line.slice(16))).toBe(
      withoutNumbers(`${first?.detail ?? ''} → ${first?.next_step ?? ''}`),
    );
    expect(printed + JSON.stringify(diagnosis) + agent.log.join('')).not.toMatch(/A1B2|user:|wrong@|kkkk/);
    told.push({ fault: name, line, step: first?.next_step ?? '' });
  });

  it('each is told from all others', () => {
    expect(told).toHaveLength(Object.keys(faults).length);
    const steps = new Map(told.map(({ step, fault }) => [step, fault]));
    expect([...steps.values()].sort()).toEqual(Object.keys(faults).sort());
    process.stdout.write(`${told.map(({ fault, line }) => `${fault}:\n    ${line}`).join('\n')}\n`);
  });
});

describe('a diagnosis consumes nothing', () => {
  it('sends neither code nor key, whatever the state of the device', async () => {
    const server = await cloud({ refuses: 'code_unknown' });
    const agent = await settled(await device(server.url));
    const before = server.asked.length;
    for (let time = 0; time < 3; time += 1) {
      await agent.diagnosis();
      await agent.doctor();
    }
    expect(new Set(server.asked.slice(before))).toEqual(new Set(['GET /api/v1/time']));
    expect(server.asked.filter((line) => line.startsWith('POST'))).toHaveLength(1);
  });
});

/** Asked twice, a clock says something else each time. */
function withoutNumbers(text: string): string {
  return text.replaceAll(/[\d.]+/g, '0');
}

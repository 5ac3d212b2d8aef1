import type { RequestListener } from 'node:http';
import { diagnosisSchema, problemFor, problemMediaType, type SaasStatus } from '@edgeflow/contract';
import { systemClock, toRfc3339 } from '@edgeflow/platform';
import { SimulatedFiles } from '@edgeflow/platform/simulated';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { prepareStateFolder } from '../identity/index.ts';
import { makeCertificate, type TestCertificate } from '../net/testing/certificates.ts';
import { closeAll, keep } from '../net/testing/cleanup.ts';
import { startHttps, startProxy, startTcp } from '../net/testing/servers.ts';
import { proxyAt, transportTo } from '../net/testing/transports.ts';
import { diagnose } from './diagnose.ts';
import type { CloudUnderTest, DiagnosisInputs } from './inputs.ts';

let authority: TestCertificate;
let leaf: TestCertificate;

beforeAll(async () => {
  authority = await makeCertificate({ name: 'CA', isAuthority: true });
  leaf = await makeCertificate({ name: 'cloud', issuer: authority, hosts: ['127.0.0.1', 'cloud.test'] });
});

afterEach(closeAll);

const online: SaasStatus = {
  connected: true,
  device_id: 'dev_abc123xyz',
  status: 'online',
  last_heartbeat: '2026-02-21T12:00:00Z',
  phase: 'online',
  cloud_url: 'https://cloud.test',
  key_expires_at: null,
  uptime_seconds: 1,
  clock_skew_seconds: 0,
  last_error: null,
};

function inputs(over: Partial<DiagnosisInputs> = {}): DiagnosisInputs {
  return {
    clock: systemClock,
    floorMs: 0,
    floorNotice: undefined,
    settings: { problems: [], warnings: [] },
    stateFolder: () => prepareStateFolder(new SimulatedFiles(), '/state'),
    identity: () => ({
      kind: 'identity',
      deviceId: 'dev_abc123xyz',
      cloud: 'https://cloud.test',
      keyExpiresAt: '2027-02-21T00:00:00Z',
      notices: [],
    }),
    cloud: undefined,
    status: () => online,
    ...over,
  };
}

function saysTime(offsetMs = 0): RequestListener {
  return (_request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ time: toRfc3339(Date.now() + offsetMs) }));
  };
}

async function pinnedCloud(handler: RequestListener, pin = authority.pin): Promise<CloudUnderTest> {
  const running = keep(await startHttps([leaf, authority], handler));
  const transport = transportTo(`https://127.0.0.1:${String(running.port)}`, { trust: { pins: [pin] } });
  return { transport, isTls: true, isPinned: true, isProxied: false };
}

/** `resolve ok` and so on, in order. */
async function results(over: Partial<DiagnosisInputs>): Promise<string[]> {
  const diagnosis = await diagnose(inputs(over));
  return diagnosis.checks.map(({ name, result }) => `${name} ${result}`);
}

async function check(name: string, over: Partial<DiagnosisInputs>) {
  const diagnosis = diagnosisSchema.parse(await diagnose(inputs(over)));
  return diagnosis.checks.find((found) => found.name === name);
}

const all = [
  'settings',
  'disk',
  'identity',
  'resolve',
  'proxy',
  'tcp',
  'tls',
  'pin',
  'clock',
  'cloud',
  'tunnel',
];

describe('the expiry of the key', () => {
  const day = 24 * 3600 * 1000;
  const keyFor = (days: number) => ({
    kind: 'identity' as const,
    deviceId: 'dev_abc123xyz',
    cloud: 'https://cloud.test',
    keyExpiresAt: toRfc3339(Date.now() + days * day),
    notices: [],
  });

  it.each([
    [31, 'ok', null],
    [29, 'warn', null],
    [-1, 'fail', 'key_expired'],
  ] as const)('in %d days is judged by the cloud’s clock: %s', async (days, result, code) => {
    const cloudAheadDays = 400;
    const cloud = await pinnedCloud(saysTime(cloudAheadDays * day));
    const identity = () => keyFor(days + cloudAheadDays);
    expect(await check('identity', { cloud, identity })).toMatchObject({ result, code });
  });

  it('is not judged when the cloud does not say its time', async () => {
    expect(await check('identity', { identity: () => keyFor(-1) })).toMatchObject({ result: 'ok' });
  });
});

describe('a diagnosis', () => {
  it('of a device that is well says ok in every check, with no next step', async () => {
    const diagnosis = await diagnose(inputs({ cloud: await pinnedCloud(saysTime()) }));
    expect(diagnosis.ok).toBe(true);
    expect(diagnosis.checks.map(({ name }) => name)).toEqual(all);
    for (const found of diagnosis.checks) {
      expect(found).toMatchObject({ result: 'ok', next_step: null, code: null });
      expect(found.detail).not.toBe('');
    }
  });

  it('sends no code and no key, and asks for nothing but the time', async () => {
    const asked: string[] = [];
    const answer = saysTime();
    const cloud = await pinnedCloud((request, response) => {
      asked.push(`${request.method ?? ''} ${request.url ?? ''} ${JSON.stringify(request.headers)}`);
      answer(request, response);
    });
    await diagnose(inputs({ cloud }));
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatch(
      /^GET \/api\/v1\/time \{"accept":"application\/json","host":"[^"]+","connection":"close"\}$/,
    );
  });

  it('without a cloud checks what needs none', async () => {
    const found = await results({ cloud: undefined });
    expect(found).toEqual(
      all.map(
        (name) => `${name} ${['settings', 'disk', 'identity', 'tunnel'].includes(name) ? 'ok' : 'warn'}`,
      ),
    );
    expect(await check('tcp', {})).toMatchObject({
      detail: expect.stringContaining('not checked: no setting'),
    });
  });

  it('leaves out what a failure leaves without ground, and says so', async () => {
    const gone = await startTcp(() => undefined);
    await gone.close();
    const transport = transportTo(`https://127.0.0.1:${String(gone.port)}`);
    const cloud = { transport, isTls: true, isPinned: true, isProxied: false };
    expect((await results({ cloud })).slice(3, 10)).toEqual([
      'resolve ok',
      'proxy ok',
      'tcp fail',
      'tls warn',
      'pin warn',
      'clock warn',
      'cloud warn',
    ]);
    expect(await check('tcp', { cloud })).toMatchObject({ code: 'cloud_unreachable' });
    expect(await check('tls', { cloud })).toMatchObject({
      detail: 'not checked: the cloud cannot be reached',
    });
  });

  it('names a name that does not resolve', async () => {
    const resolve = () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' }));
    const transport = transportTo('https://cloud.test', { resolve });
    const cloud = { transport, isTls: true, isPinned: false, isProxied: false };
    expect(await check('resolve', { cloud })).toMatchObject({ result: 'fail', code: 'name_not_resolved' });
    expect(await check('pin', { cloud })).toMatchObject({ result: 'ok', detail: 'no pin is set' });
  });

  it('names a proxy that refuses', async () => {
    const proxy = keep(await startProxy({ targetPort: () => 1, refuseWith: 403 }));
    const transport = transportTo('https://cloud.test', { proxy: proxyAt(proxy.port) });
    const cloud = { transport, isTls: true, isPinned: false, isProxied: true };
    expect(await check('proxy', { cloud })).toMatchObject({ result: 'fail', code: 'proxy_refused' });
    expect(await check('resolve', { cloud })).toMatchObject({ result: 'warn' });
  });

  it('tells a refused certificate from a pin that does not fit', async () => {
    const running = keep(await startHttps([leaf, authority], saysTime()));
    const transport = transportTo(`https://127.0.0.1:${String(running.port)}`);
    const untrusted = { transport, isTls: true, isPinned: false, isProxied: false };
    expect(await check('tls', { cloud: untrusted })).toMatchObject({ result: 'fail', code: 'tls_untrusted' });
    const other = await makeCertificate({ name: 'x' });
    const mismatch = await pinnedCloud(saysTime(), other.pin);
    expect(await check('pin', { cloud: mismatch })).toMatchObject({
      result: 'fail',
      code: 'tls_pin_mismatch',
    });
    expect(await check('tls', { cloud: mismatch })).toMatchObject({ result: 'warn' });
  });
});

describe('the clock', () => {
  it.each([
    [0, 'ok', 'behind|ahead'],
    [600_000, 'warn', '(599|600|601) s behind'],
    [-600_000, 'warn', '(599|600|601) s ahead of'],
    [3 * 86_400_000, 'warn', 's behind'],
    [-80 * 365 * 86_400_000, 'warn', 's ahead of'],
  ])('that the cloud’s is ahead of by %i ms is %s', async (offsetMs, result, text) => {
    const found = await check('clock', { cloud: await pinnedCloud(saysTime(offsetMs)) });
    expect(found).toMatchObject({ result, detail: expect.stringMatching(text) });
  });

  it('is warned about where what was remembered of the time is not believed, unless it is wrong itself', async () => {
    const floorNotice = { code: 'known_time_implausible', detail: 'Too late.', nextStep: 'Look.' } as const;
    const said = { result: 'warn', detail: 'Too late.', next_step: 'Look.', code: null };
    expect(await check('clock', { floorNotice })).toMatchObject(said);
    const cloud = await pinnedCloud(saysTime());
    expect(await check('clock', { floorNotice, cloud })).toMatchObject(said);
    const floorMs = Date.now() + 86_400_000;
    expect(await check('clock', { floorNotice, floorMs })).toMatchObject({ code: 'clock_wrong' });
  });
});

describe('the cloud', () => {
  it('that is a captive portal is not it', async () => {
    const cloud = await pinnedCloud((_request, response) => {
      response.setHeader('content-type', 'text/html').end('<h1>Welcome</h1>');
    });
    expect(await check('cloud', { cloud })).toMatchObject({ result: 'fail', code: 'captive_portal' });
    expect(await check('clock', { cloud })).toMatchObject({ result: 'warn' });
  });

  it('that is another JSON service is not it', async () => {
    const cloud = await pinnedCloud((_request, response) => {
      response.setHeader('content-type', 'application/json').end('{"hello":"world"}');
    });
    expect(await check('cloud', { cloud })).toMatchObject({ result: 'fail', code: 'not_the_cloud' });
  });

  it('that is starting is still the cloud', async () => {
    const cloud = await pinnedCloud((_request, response) => {
      const body = JSON.stringify(problemFor('not_ready', 'req_1'));
      response.writeHead(503, { 'content-type': problemMediaType }).end(body);
    });
    expect(await check('cloud', { cloud })).toMatchObject({ result: 'warn', code: 'not_ready' });
  });

  it('that breaks off is reported with the reason', async () => {
    const cloud = await pinnedCloud((_request, response) => response.destroy());
    expect(await check('cloud', { cloud })).toMatchObject({ result: 'fail', code: 'cloud_unreachable' });
  });
});

describe('the device itself', () => {
  const setting = { setting: 'EDGEFLOW_X', message: 'EDGEFLOW_X is wrong.', nextStep: 'Correct it.' };

  it('with wrong settings fails, with doubtful ones is warned', async () => {
    const wrong = { settings: { problems: [setting], warnings: [] } };
    const finding = { detail: setting.message, next_step: setting.nextStep, code: 'settings_invalid' };
    expect(await check('settings', wrong)).toMatchObject({ result: 'fail', ...finding });
    const doubtful = { settings: { problems: [], warnings: [setting] } };
    expect(await check('settings', doubtful)).toMatchObject({ result: 'warn', ...finding });
    expect((await diagnose(inputs(wrong))).ok).toBe(false);
    expect((await diagnose(inputs(doubtful))).ok).toBe(true);
  });

  it('with a full disk fails', async () => {
    const files = new SimulatedFiles();
    files.fault = (step) => (step === 'write' ? 'ENOSPC' : undefined);
    const stateFolder = () => prepareStateFolder(files, '/state');
    expect(await check('disk', { stateFolder })).toMatchObject({
      result: 'fail',
      code: 'state_folder_unusable',
    });
  });

  it.each([
    [{ kind: 'code', setting: 'EDGEFLOW_PROVISIONING_CODE' }, 'ok', null],
    [{ kind: 'unusable_code', problem: setting }, 'fail', 'settings_invalid'],
    [{ kind: 'unreadable', detail: 'torn', nextStep: 'restore' }, 'fail', 'vault_unreadable'],
    [{ kind: 'none' }, 'fail', 'code_missing'],
  ] as const)('with %j as its identity is %s', async (facts, result, code) => {
    expect(await check('identity', { identity: () => facts })).toMatchObject({ result, code });
  });
});

describe('the tunnel', () => {
  const last_error = {
    code: 'device_revoked',
    message: 'Revoked.',
    next_step: 'Ask.',
    at: '2026-02-21T12:00:00Z',
  };

  it.each([
    [{ status: 'rejected', last_error }, 'fail', 'device_revoked'],
    [{ status: 'offline', last_error: { ...last_error, code: 'tunnel_silent' } }, 'fail', 'tunnel_silent'],
    [{ status: 'offline', last_error: null }, 'fail', 'tunnel_closed'],
    [{ status: 'connecting', last_error: null }, 'warn', null],
    [{ status: 'provisioning', last_error: { ...last_error, code: 'of_a_later_version' } }, 'warn', null],
    [{ status: 'unprovisioned', last_error: null }, 'warn', null],
    [{ status: 'disabled', last_error: null }, 'warn', 'saas_disabled'],
  ] as const)('of a device that is %j is told from what the agent knows', async (facts, result, code) => {
    const found = await check('tunnel', { status: () => ({ ...online, ...facts }) });
    expect(found).toMatchObject({
      result,
      code,
      next_step: expect.any(String),
      detail: expect.stringMatching(/./),
    });
  });

  it('is not checked when no agent runs', async () => {
    expect(await check('tunnel', { status: undefined })).toMatchObject({ result: 'warn' });
  });
});

import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { formatProvisioningLink, problemFor } from '@edgeflow/contract';
import { SimulatedTime } from '@edgeflow/platform/simulated';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeCertificate } from '../net/testing/certificates.ts';
import { closeAll, keep } from '../net/testing/cleanup.ts';
import type { Resolve } from '../net/index.ts';
import { startTcp } from '../net/testing/servers.ts';
import {
  type Answer,
  onlineStatus,
  type ScriptedAgent,
  scriptedAgent,
  send,
  startWith,
  token,
} from './testing/local-api.ts';

let agent: ScriptedAgent;
let url: string;

beforeEach(async () => {
  agent = scriptedAgent();
  url = await started();
});

afterEach(closeAll);

async function started(options?: Parameters<typeof startWith>[1]): Promise<string> {
  const api = await startWith(agent, options);
  if (!api.listening) throw new Error(api.reason);
  return keep(api).url;
}

const asJson = { 'content-type': 'application/json' };

function post(path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  const content = body === undefined ? {} : { body: JSON.stringify(body) };
  return send(url + path, { method: 'POST', headers: { ...asJson, ...headers }, ...content });
}

function put(body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  const path = '/api/v1/saas/config';
  return send(url + path, { method: 'PUT', headers: { ...asJson, ...headers }, body: JSON.stringify(body) });
}

describe('reading', () => {
  it('gives the status as the contract has it', async () => {
    const answer = await send(`${url}/api/v1/saas/status`);
    expect(answer).toMatchObject({ status: 200, json: onlineStatus });
  });

  it('gives the settings with the key masked', async () => {
    expect((await send(`${url}/api/v1/saas/config`)).json).toMatchObject({ api_key: 'efk_A1b2…wXyZ' });
  });

  it('says that the process lives', async () => {
    expect(await send(`${url}/healthz`)).toMatchObject({ status: 200, json: { status: 'ok' } });
  });

  it('runs one diagnosis for all who ask at the same time', async () => {
    const finish = Promise.withResolvers<{ ok: boolean; checks: [] }>();
    let runs = 0;
    agent.answerToDiagnose = () => {
      runs += 1;
      return finish.promise;
    };
    const both = [send(`${url}/api/v1/saas/diagnosis`), send(`${url}/api/v1/saas/diagnosis`)];
    await send(`${url}/healthz`);
    finish.resolve({ ok: true, checks: [] });
    expect((await Promise.all(both)).map(({ json }) => json)).toEqual(
      Array(2).fill({ ok: true, checks: [] }),
    );
    expect(runs).toBe(1);
  });

  it('gives a finished diagnosis for a few seconds more, and runs another then', async () => {
    const time = new SimulatedTime();
    const slow = await started({ clock: time });
    let runs = 0;
    agent.answerToDiagnose = () => {
      runs += 1;
      return runs === 1 ? Promise.reject(new Error('once')) : Promise.resolve({ ok: true, checks: [] });
    };
    const ask = async (): Promise<number> => (await send(`${slow}/api/v1/saas/diagnosis`)).status;
    expect([await ask(), await ask(), await ask(), runs]).toEqual([500, 200, 200, 2]);
    await time.advance(2999);
    expect([await ask(), runs]).toEqual([200, 2]);
    await time.advance(1);
    expect([await ask(), runs]).toEqual([200, 3]);
  });

  it('may be kept by nobody', async () => {
    for (const path of ['/', '/healthz', '/api/v1/saas/status', '/api/v1/saas/config', '/nowhere']) {
      expect((await send(url + path)).headers).toMatchObject({ 'cache-control': 'no-store' });
    }
  });
});

describe('the page', () => {
  it('shows the status with nothing from elsewhere and no script', async () => {
    const { status, headers, text } = await send(`${url}/`);
    expect(status).toBe(200);
    expect(headers['content-type']).toMatch(/^text\/html; charset=utf-8/i);
    const [, style = ''] = /<style>([^]*)<\/style>/.exec(text) ?? [];
    const hash = createHash('sha256').update(style).digest('base64');
    expect(headers['content-security-policy']).toContain(`default-src 'none'; style-src 'sha256-${hash}';`);
    expect(text).toContain('dev_abc123xyz');
    expect(text).not.toMatch(/<script|https?:\/\/(?!cloud\.example)/);
  });

  it('escapes what the cloud or the settings say', async () => {
    const evil = '<img src=x onerror=alert(1)>';
    const problem = { code: 'not_the_cloud', message: evil, next_step: evil, at: '2026-02-21T12:00:00Z' };
    agent.statusNow = { ...onlineStatus, cloud_url: evil, last_error: problem };
    const { text } = await send(`${url}/`);
    expect(text).not.toContain('<img');
    expect(text.match(/&lt;img/g)).toHaveLength(3);
  });
});

describe('the page of the status', () => {
  it('shows what the cloud or the device is called as text, never as markup', async () => {
    const nasty = `"><script>alert(1)</script><img src=x onerror='x'>&\u202e`;
    agent.statusNow = {
      ...onlineStatus,
      ...{ device_id: nasty, cloud_url: nasty, phase: nasty, status: 'rejected' },
      last_error: { code: nasty, message: nasty, next_step: nasty, at: nasty },
    };
    const { text } = await send(`${url}/`);
    expect(text).toContain('&lt;script&gt;');
    expect(text).not.toMatch(/<script|<img|onerror='/);
  });
});

describe('a request of somebody else’s page', () => {
  it.each<[string, Record<string, string>]>([
    ['whose name resolves to this device', { host: 'evil.example' }],
    ['on another port of this device', { origin: 'http://127.0.0.1:1' }],
    ['elsewhere', { origin: 'https://evil.example' }],
    ['in a sandbox', { origin: 'null' }],
    ['that shows the answer as a picture', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }],
    ['on another port that shows it as a picture', { 'sec-fetch-site': 'same-site' }],
  ])('%s is refused', async (_name, headers) => {
    for (const [method, path] of [
      ['GET', '/api/v1/saas/status'],
      ['GET', '/'],
      ['POST', '/api/v1/saas/provision'],
      ['POST', '/api/v1/saas/connect'],
    ] as const) {
      const answer = await send(url + path, { method, headers: { ...asJson, ...headers } });
      expect(answer).toMatchObject({ status: 403, json: { code: 'host_rejected' } });
    }
    expect(agent.done).toEqual([]);
  });

  describe('by whose link a person comes to the device', () => {
    const visit = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', 'sec-fetch-user': '?1' };

    it.each(['cross-site', 'same-site'])('is shown the status, and nothing else (%s)', async (site) => {
      const headers = { ...visit, 'sec-fetch-site': site };
      for (const path of ['/', '/api/v1/saas/status']) {
        const answer = await send(url + path, { headers });
        expect(answer).toMatchObject({
          status: 200,
          headers: { 'cross-origin-opener-policy': 'same-origin' },
        });
      }
      for (const path of ['/api/v1/saas/config', '/api/v1/saas/diagnosis', '/healthz', '/nowhere']) {
        expect(await send(url + path, { headers })).toMatchObject({
          status: 403,
          json: { code: 'host_rejected' },
        });
      }
    });

    it.each<[string, Record<string, string>, string?]>([
      ['in a frame', { 'sec-fetch-dest': 'iframe' }],
      ['in an object', { 'sec-fetch-dest': 'object' }],
      ['by a script', { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script' }],
      ['by fetch', { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' }],
      ['under a name that resolves to this device', { host: 'evil.example' }],
      ['with its Origin', { origin: 'https://evil.example' }],
      ['with a form', {}, 'POST'],
    ])('is refused %s', async (_how, how, method = 'GET') => {
      const headers = { ...visit, 'sec-fetch-site': 'cross-site', ...how };
      for (const path of ['/', '/api/v1/saas/status', '/api/v1/saas/connect']) {
        const answer = await send(url + path, { method, headers });
        expect(answer).toMatchObject({ status: 403, json: { code: 'host_rejected' } });
      }
      expect(agent.done).toEqual([]);
    });
  });

  it('that is really the device’s own is served', async () => {
    const { host } = new URL(url);
    const port = host.split(':')[1] ?? '';
    for (const name of ['127.0.0.1', 'localhost', 'edgeflow-pi', 'edgeflow-pi.local']) {
      const own = `${name}:${port}`;
      const headers = { host: own, origin: `http://${own}`, 'sec-fetch-site': 'same-origin' };
      const answer = await send(`${url}/healthz`, { headers });
      expect(answer.status).toBe(200);
    }
  });

  it('with an impossible Host is refused', async () => {
    const answer = await send(`${url}/healthz`, { headers: { host: 'a b' } });
    expect(answer).toMatchObject({ status: 400, json: { code: 'request_malformed' } });
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store' });
  });
});

describe('registering', () => {
  it('passes the code on and gives the credentials this once', async () => {
    const answer = await post('/api/v1/saas/provision', { provisioning_code: 'PROV-A1B2-C3D4' });
    expect(answer).toMatchObject({ status: 200, json: { device_id: 'dev_new', api_key: 'efk_secret' } });
    expect(agent.done).toEqual(['provision PROV-A1B2-C3D4 false']);
  });

  it('passes on a link with several pins', async () => {
    const pins = Array<string>(4).fill(`sha256/${'A'.repeat(43)}=`);
    const link = formatProvisioningLink({ cloudUrl: 'https://cloud.example', code: 'PROV-A1B2-C3D4', pins });
    expect((await post('/api/v1/saas/provision', { provisioning_code: link })).status).toBe(200);
    expect(agent.done).toEqual([`provision ${link} false`]);
  });

  it('passes the cloud’s own problem through, with its status', async () => {
    const problem = problemFor('code_expired', 'req_of_the_cloud', 'It expired yesterday.');
    agent.answerToProvision = () => Promise.resolve({ ok: false, problem });
    const answer = await post('/api/v1/saas/provision', { provisioning_code: 'x' });
    expect(answer).toMatchObject({ status: 410, json: problem });
    expect(answer.headers['content-type']).toBe('application/problem+json');
  });

  it.each([
    ['cloud_unreachable', 502],
    ['state_folder_unusable', 503],
    ['settings_invalid', 400],
  ] as const)('reports %s, which has no HTTP status of its own, as %i', async (code, status) => {
    agent.answerToProvision = () => Promise.resolve({ ok: false, problem: problemFor(code, 'req_1') });
    const answer = await post('/api/v1/saas/provision', { provisioning_code: 'x' });
    expect(answer).toMatchObject({ status, json: { code, status } });
  });

  it('is refused while there is an identity, unless it is forced, which needs the token', async () => {
    agent.isProvisioned = true;
    const body = { provisioning_code: 'PROV-A1B2-C3D4', force: true };
    const plain = await post('/api/v1/saas/provision', { ...body, force: false });
    expect(plain).toMatchObject({ status: 409, json: { code: 'already_provisioned' } });
    for (const headers of [{}, { 'x-edgeflow-token': 'wrong' }]) {
      const refused = await post('/api/v1/saas/provision', body, headers);
      expect(refused).toMatchObject({ status: 403, json: { code: 'local_token_required' } });
    }
    expect(agent.done).toEqual([]);
    expect((await post('/api/v1/saas/provision', body, { 'x-edgeflow-token': token })).status).toBe(200);
    expect(agent.done).toEqual(['provision PROV-A1B2-C3D4 true']);
  });

  it('takes nothing but JSON of the right form, and repeats no code', async () => {
    const path = '/api/v1/saas/provision';
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const cases: [Awaited<ReturnType<typeof send>>, number, string][] = [
      [await post(path, { provisioning_code: 7 }), 400, 'request_malformed'],
      [await post(path, { provisioning_code: '' }), 400, 'request_malformed'],
      [await post(path, ['PROV-A1B2-C3D4']), 400, 'request_malformed'],
      [await post(path, { provisioning_code: 'PROV-A1B2-C3D4', force: 'yes' }), 400, 'request_malformed'],
      [await post(path), 400, 'request_malformed'],
      [
        await send(url + path, { method: 'POST', headers: form, body: 'provisioning_code=PROV-A1B2-C3D4' }),
        415,
        'media_type_unsupported',
      ],
      [
        await send(url + path, { method: 'POST', headers: { 'content-type': 'text/plain' }, body: '{}' }),
        415,
        'media_type_unsupported',
      ],
      [
        await send(url + path, { method: 'POST', headers: asJson, body: '{"provisioning_code": "PROV-A1B2' }),
        400,
        'request_malformed',
      ],
      [
        await send(url + path, {
          method: 'POST',
          headers: asJson,
          body: Buffer.from('{"a":"\xff"}', 'latin1'),
        }),
        400,
        'request_malformed',
      ],
      [await post(path, { provisioning_code: 'x'.repeat(20_000) }), 413, 'body_too_large'],
    ];
    for (const [answer, status, code] of cases) {
      expect(answer).toMatchObject({ status, json: { code } });
      expect(answer.text).not.toContain('A1B2');
    }
    expect(cases[0]?.[0].json.errors).toEqual([
      { field: 'provisioning_code', message: expect.any(String) as string },
    ]);
    expect(agent.done).toEqual([]);
  });

  it('bounds a body that does not say how long it is', async () => {
    const headers = { ...asJson, 'transfer-encoding': 'chunked' };
    const answer = await send(`${url}/api/v1/saas/provision`, {
      method: 'POST',
      headers,
      body: 'x'.repeat(20_000),
    });
    expect(answer.status).toBe(413);
  });

  it('that is broken off in the middle of its body is no failure of the agent', async () => {
    const told = Promise.withResolvers<string>();
    const tell = (_fields: object, message: string): void => {
      told.resolve(message);
    };
    const watched = await started({ log: { debug: tell, info: tell, warn: tell, error: tell } });
    const { port, host } = new URL(watched);
    const socket = connect(Number(port), '127.0.0.1');
    const head = `POST /api/v1/saas/provision HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\n`;
    socket.end(`${head}Content-Length: 500\r\n\r\n{`);
    expect(await told.promise).toBe('a request to the local API was broken off');
    socket.destroy();
  });

  it('takes a short body that does not say how long it is', async () => {
    const headers = { ...asJson, 'transfer-encoding': 'chunked' };
    const body = JSON.stringify({ provisioning_code: 'PROV-A1B2-C3D4' });
    const answer = await send(`${url}/api/v1/saas/provision`, { method: 'POST', headers, body });
    expect(answer.status).toBe(200);
  });
});

describe('changing the settings', () => {
  it('passes them on', async () => {
    expect((await put({ enabled: false, server_url: 'cloud.example' })).status).toBe(200);
    expect(agent.done).toEqual([{ enabled: false, server_url: 'cloud.example' }]);
  });

  it('ignores a masked key, and takes a whole one', async () => {
    await put({ api_key: 'efk_A1b2…wXyZ', enabled: true });
    await put({ api_key: 'efk_whole' });
    expect(agent.done).toEqual([{ enabled: true }, { api_key: 'efk_whole' }]);
  });

  it('needs the token while there is an identity', async () => {
    agent.isProvisioned = true;
    expect(await put({ enabled: false })).toMatchObject({
      status: 403,
      json: { code: 'local_token_required' },
    });
    expect((await put({ enabled: false }, { 'x-edgeflow-token': token })).status).toBe(200);
    expect(agent.done).toEqual([{ enabled: false }]);
  });

  it('needs the token although the device got its identity while the body was held back', async () => {
    const looked = Promise.withResolvers<undefined>();
    let isProvisioned = false;
    const watched = {
      ...agent,
      get isProvisioned() {
        looked.resolve(undefined);
        return isProvisioned;
      },
    };
    const api = await startWith(watched);
    if (!api.listening) throw new Error(api.reason);
    const body = looked.promise.then(() => {
      isProvisioned = true;
      return JSON.stringify({ enabled: false });
    });
    const answer = await send(`${keep(api).url}/api/v1/saas/config`, {
      method: 'PUT',
      headers: asJson,
      body,
    });
    expect(answer).toMatchObject({ status: 403, json: { code: 'local_token_required' } });
    expect(agent.done).toEqual([]);
  });
});

describe('connecting and disconnecting', () => {
  it('need no body, and answer with the status or with the problem', async () => {
    expect(await send(`${url}/api/v1/saas/connect`, { method: 'POST' })).toMatchObject({
      status: 200,
      json: onlineStatus,
    });
    expect(await post('/api/v1/saas/disconnect', {})).toMatchObject({
      status: 409,
      json: { code: 'not_provisioned' },
    });
    expect(agent.done).toEqual(['connect', 'disconnect']);
  });

  it('need the token while there is an identity, and never take a form', async () => {
    agent.isProvisioned = true;
    expect((await post('/api/v1/saas/disconnect')).status).toBe(403);
    const form = await send(`${url}/api/v1/saas/connect`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain', 'x-edgeflow-token': token },
      body: 'x',
    });
    expect(form.status).toBe(415);
    expect(agent.done).toEqual([]);
  });
});

describe('an address', () => {
  it('that is not known is 404, a method that it does not take 405 with those that it does', async () => {
    expect(await send(`${url}/api/v1/nothing`)).toMatchObject({
      status: 404,
      json: { code: 'route_unknown' },
    });
    const answer = await send(`${url}/api/v1/saas/config`, { method: 'DELETE' });
    expect(answer).toMatchObject({
      status: 405,
      json: { code: 'method_not_allowed' },
      headers: { allow: 'GET, PUT' },
    });
  });

  it('whose handler fails answers 500 without saying more', async () => {
    agent.answerToDiagnose = () => Promise.reject(new Error('efk_secret'));
    const answer = await send(`${url}/api/v1/saas/diagnosis`);
    expect(answer).toMatchObject({ status: 500, json: { code: 'internal' } });
    expect(answer.text).not.toContain('efk_');
  });
});

describe('listening', () => {
  it('on a port that is taken is reported, and hurts nobody', async () => {
    const taken = keep(await startTcp(() => undefined));
    const api = await startWith(agent, { port: taken.port });
    expect(api).toEqual({
      listening: false,
      reason: `Another program listens on 127.0.0.1:${String(taken.port)} already.`,
      nextStep: expect.stringContaining('EDGEFLOW_SERVER_PORT') as string,
    });
  });

  it('on an address of another machine is reported', async () => {
    const { certificatePem, keyPem } = await makeCertificate({ name: 'pi' });
    const api = await startWith(agent, { host: '192.0.2.1', tls: { certificatePem, keyPem } });
    expect(api).toMatchObject({ listening: false, reason: '192.0.2.1 is not an address of this device.' });
  });

  const resolvesTo = (address: string): { resolve: Resolve } => ({
    resolve: () => Promise.resolve([{ address, family: 4 }]),
  });

  it.each(['0.0.0.0', '::', '192.0.2.1'])('on %s without TLS is refused', async (host) => {
    const api = await startWith(agent, { host });
    expect(api).toMatchObject({ listening: false, reason: expect.stringContaining('without TLS') as string });
  });

  it.each(['localhost', 'edgeflow-pi'])(
    'is judged by what %s stands for, and not by the name',
    async (host) => {
      const away = await startWith(agent, { host, ...resolvesTo('0.0.0.0') });
      expect(away).toMatchObject({
        listening: false,
        reason: expect.stringContaining(`on ${host} (0.0.0.0) without TLS`) as string,
      });
      const own = await startWith(agent, { host, ...resolvesTo('127.0.0.1') });
      if (!own.listening) throw new Error(own.reason);
      expect((await send(`http://127.0.0.1:${String(keep(own).port)}/healthz`)).status).toBe(200);
    },
  );

  it('on a name that does not resolve is reported', async () => {
    const resolve = (): Promise<never> =>
      Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' }));
    expect(await startWith(agent, { host: 'edgeflow-pi', resolve })).toMatchObject({
      listening: false,
      reason: 'The name edgeflow-pi does not resolve on this device.',
    });
  });

  it('with a short token is for loopback only, whatever its name says', async () => {
    const { certificatePem, keyPem } = await makeCertificate({ name: 'pi' });
    const short = { isTokenShort: true, host: 'localhost', tls: { certificatePem, keyPem } };
    expect(await startWith(agent, { ...short, ...resolvesTo('0.0.0.0') })).toMatchObject({
      listening: false,
      reason: expect.stringContaining('so short a token') as string,
      nextStep: expect.stringContaining('EDGEFLOW_SERVER_TOKEN') as string,
    });
    const own = await startWith(agent, { ...short, ...resolvesTo('127.0.0.1') });
    if (!own.listening) throw new Error(own.reason);
    keep(own);
  });

  it('ends with the connections that are open', async () => {
    const api = await startWith(agent);
    if (!api.listening) throw new Error(api.reason);
    agent.answerToDiagnose = () => Promise.withResolvers<never>().promise;
    const asking = send(`${api.url}/api/v1/saas/diagnosis`).then(
      () => 'answered',
      () => 'broken off',
    );
    await send(`${api.url}/healthz`);
    await api.close();
    expect(await asking).toBe('broken off');
  });
});

const outside = Object.values(networkInterfaces())
  .flat()
  .find((entry) => entry?.internal === false && entry.family === 'IPv4')?.address;

describe.skipIf(outside === undefined)('off loopback', () => {
  it('everything needs TLS and the token', async () => {
    const address = outside ?? '';
    const { certificatePem, keyPem } = await makeCertificate({ name: 'pi', hosts: [address, '127.0.0.1'] });
    const { port } = new URL(await started({ host: '0.0.0.0', tls: { certificatePem, keyPem } }));
    const ask = (host: string, headers = {}): Promise<Answer> =>
      send(`https://${host}:${port}/api/v1/saas/status`, { ca: certificatePem, headers });
    expect(await ask(address)).toMatchObject({ status: 403, json: { code: 'local_token_required' } });
    expect(await ask(address, { 'x-edgeflow-token': token })).toMatchObject({ status: 200 });
    expect(await ask('127.0.0.1')).toMatchObject({ status: 200 });
    expect(await ask(address, { 'x-edgeflow-token': token, origin: 'https://evil.example' })).toMatchObject({
      status: 403,
    });
  });
});

import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { SimulatedTime } from '@edgeflow/platform/simulated';
import { systemTimers, type Timers } from '@edgeflow/platform';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exitCodes } from '../exit-codes.ts';
import { CliFailure } from '../failure.ts';
import type { Settings } from '../settings.ts';
import { makeAuthority, type TestAuthority } from '../testing/certificates.ts';
import { sendProblem, TinyCloud, tinyToken } from '../testing/tiny-cloud.ts';
import { callDeadlineMs, Client } from './client.ts';

let cloud: TinyCloud;
const clients: Client[] = [];

beforeEach(async () => {
  cloud = await TinyCloud.start();
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await cloud.stop();
});

function clientOf(
  settings: Partial<Omit<Settings, 'url'>> & { url?: string } = {},
  timers: Timers = systemTimers,
): Client {
  const { url = cloud.url, ...rest } = settings;
  const client = new Client({
    settings: { token: tinyToken, caPem: undefined, proxyEnv: {}, ...rest, url: new URL(url) },
    timers,
    userAgent: 'edgeflow-cli/0.0.0',
  });
  clients.push(client);
  return client;
}

async function failureOf(work: Promise<unknown>): Promise<CliFailure> {
  const error: unknown = await work.catch((thrown: unknown) => thrown);
  if (!(error instanceof CliFailure)) throw new Error('it did not fail as it should', { cause: error });
  expect(error.facts.title).toMatch(/^[A-Z].*[^.]$/);
  expect(error.facts.next_step).toMatch(/^[A-Z].*\.$/);
  expect(JSON.stringify(error.facts)).not.toContain(tinyToken);
  return error;
}

describe('a call', () => {
  it('brings its parameters, query and body, and is answered by status', async () => {
    const client = clientOf();
    const made = await client.call('createDevice', { body: { name: 'pump', tags: ['a'] } });
    expect(made.status).toBe(201);
    const { device_id: id } = made.body;
    const { body } = await client.call('listDevices', { query: { q: 'pump', limit: 7 } });
    expect(body).toMatchObject({
      total: 1,
      limit: 7,
      devices: [{ device_id: id, name: 'pump', tags: ['a'] }],
    });
    expect((await client.call('rotateKey', { params: { id }, body: { mode: 'tunnel' } })).status).toBe(202);
    expect((await client.call('rotateKey', { params: { id }, body: { mode: 'replace' } })).status).toBe(200);
    expect(await client.call('deleteDevice', { params: { id } })).toEqual({ status: 204, body: undefined });
  });

  it('goes below the path that the cloud is served under', async () => {
    cloud.override = (request, response) => {
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ url: request.url }));
      return true;
    };
    expect(await clientOf({ url: `${cloud.url}/edgeflow` }).readOpenApi()).toEqual({
      url: '/edgeflow/api/v1/openapi.json',
    });
  });

  it('says who calls and what it reads; without a token it sends none', async () => {
    let headers: NodeJS.Dict<string | string[]> = {};
    cloud.override = (request) => {
      headers = request.headers;
      return false;
    };
    await clientOf().readOpenApi();
    expect(headers).toMatchObject({
      authorization: `Bearer ${tinyToken}`,
      accept: 'application/json, application/problem+json',
      'user-agent': 'edgeflow-cli/0.0.0',
    });
    await clientOf({ token: undefined }).readOpenApi();
    expect(headers).not.toHaveProperty('authorization');
  });

  it.each(['', '.', '..'])('for the id %j is never sent: it would reach another address', async (id) => {
    const failure = await failureOf(clientOf().call('deleteDevice', { params: { id } }));
    expect(failure.exitCode).toBe(exitCodes.usage);
    expect(cloud.requests).toEqual([]);
  });

  it('hands on members that a newer cloud adds', async () => {
    cloud.registry.addDevice({ device_id: 'dev_1', newer: true } as object);
    const { body } = await clientOf().call('readDevice', { params: { id: 'dev_1' } });
    expect(body).toHaveProperty('newer', true);
  });
});

describe('a refusal', () => {
  it("is the cloud's own problem, with its next step, fields and request id", async () => {
    const failure = await failureOf(
      clientOf().call('createCodes', { body: { count: 0, bind: { mac_address: 'nonsense' } } }),
    );
    expect(failure.exitCode).toBe(exitCodes.usage);
    expect(failure.facts).toMatchObject({ code: 'request_malformed', status: 400, request_id: 'req_tiny' });
    expect(failure.facts.errors?.map(({ field }) => field)).toEqual(['count', 'bind.mac_address']);
  });

  it.each([
    ['token_rejected', 3],
    ['forbidden', 3],
    ['device_not_found', 4],
    ['version_conflict', 5],
    ['too_many_attempts', 6],
    ['not_ready', 6],
    ['command_timeout', 7],
    ['internal', 1],
  ] as const)('%s leaves with %i', async (code, exitCode) => {
    cloud.override = (_, response) => {
      sendProblem(response, code);
      return true;
    };
    const failure = await failureOf(clientOf().call('listDevices'));
    expect([failure.facts.code, failure.exitCode]).toEqual([code, exitCode]);
    expect(failure.retryAfterSeconds).toBe(exitCode === 6 ? 7 : undefined);
  });
});

describe('something that is not the cloud', () => {
  it.each([
    ['a web page', 200, 'text/html', '<html>', 1, 'answer_malformed'],
    ['JSON of another kind', 200, 'application/json', '{"ok":true}', 1, 'answer_malformed'],
    ['a page for an error', 404, 'text/html', '<html>', 1, 'not_the_cloud'],
    ['a problem of another kind', 400, 'application/problem+json', '{"title":"?"}', 1, 'not_the_cloud'],
    ['a proxy that found no cloud behind it', 502, 'text/html', '<html>', 6, 'not_the_cloud'],
    ['an empty success', 204, '', '', 1, 'not_the_cloud'],
  ])('is told apart: %s', async (_, status, mediaType, body, exitCode, code) => {
    cloud.override = (_request, response) => {
      response.writeHead(status, mediaType === '' ? {} : { 'content-type': mediaType }).end(body);
      return true;
    };
    const failure = await failureOf(clientOf().call('listDevices'));
    expect([failure.facts.code, failure.exitCode]).toEqual([code, exitCode]);
  });

  it('is not followed: a redirect would take the token to another origin', async () => {
    const elsewhere = await TinyCloud.start();
    cloud.override = (request, response) => {
      response.writeHead(307, { location: `${elsewhere.url}${request.url ?? ''}` }).end();
      return true;
    };
    const failure = await failureOf(clientOf().call('listDevices'));
    expect(failure.facts).toMatchObject({
      code: 'not_the_cloud',
      detail: expect.stringContaining('HTTP 307'),
    });
    expect(elsewhere.requests).toEqual([]);
    await elsewhere.stop();
  });
});

describe('a cloud that does not answer', () => {
  it('is unreachable when nothing listens', async () => {
    const gone = await TinyCloud.start();
    const { url } = gone;
    await gone.stop();
    const failure = await failureOf(clientOf({ url }).call('listDevices'));
    expect([failure.facts.code, failure.exitCode]).toEqual(['cloud_unreachable', exitCodes.unavailable]);
    expect(failure.facts.detail).toContain(url);
  });

  it('is not found when its name does not resolve', async () => {
    const failure = await failureOf(clientOf({ url: 'https://cloud.invalid' }).call('listDevices'));
    expect([failure.facts.code, failure.exitCode]).toEqual(['name_not_resolved', exitCodes.unavailable]);
  });

  it('leaves the outcome open when it breaks off, and says to look before repeating', async () => {
    cloud.override = (request) => {
      request.socket.destroy();
      return true;
    };
    const failure = await failureOf(clientOf().call('createDevice', { body: {} }));
    expect(failure.facts.code).toBe('unavailable');
    expect(failure.facts.next_step).toMatch(/before repeating/);
  });

  it('in the middle of its answer is no answer', async () => {
    cloud.override = (request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
      response.write('{"devices": [', () => request.socket.destroy());
      return true;
    };
    expect((await failureOf(clientOf().call('listDevices'))).exitCode).toBe(exitCodes.unavailable);
  });

  it('is given up on after the deadline, before or within its answer', async () => {
    for (const begin of [false, true]) {
      const time = new SimulatedTime();
      const arrived = Promise.withResolvers<undefined>();
      cloud.override = (_, response) => {
        if (begin) response.writeHead(200, { 'content-type': 'application/json' }).write('{');
        arrived.resolve(undefined);
        return true;
      };
      const failing = failureOf(clientOf({}, time).call('listDevices'));
      await arrived.promise;
      await time.advance(callDeadlineMs);
      const failure = await failing;
      expect([failure.exitCode, failure.facts.detail]).toEqual([6, expect.stringContaining('ETIMEDOUT')]);
      expect(time.pendingCount).toBe(0);
    }
  });
});

describe('TLS', () => {
  let authority: TestAuthority;
  let secure: TinyCloud;

  async function serve(hosts: readonly string[], validUntilHours?: number): Promise<void> {
    authority = await makeAuthority();
    secure = await TinyCloud.start(await authority.issue(hosts, validUntilHours));
  }
  afterEach(async () => {
    await secure.stop();
  });

  async function failureCode(caPem: string | undefined, url = secure.url): Promise<string> {
    return (await failureOf(clientOf({ url, caPem }).call('listDevices'))).facts.code;
  }

  it('with a private authority works when its CA file is given, and is refused when it is not', async () => {
    await serve(['127.0.0.1']);
    const client = clientOf({ url: secure.url, caPem: authority.caPem });
    expect((await client.call('listDevices')).body.total).toBe(0);
    expect(await failureCode(undefined)).toBe('tls_untrusted');
    expect(await failureCode((await makeAuthority()).caPem)).toBe('tls_untrusted');
    // The token went to nobody but the cloud that was trusted.
    expect(secure.requests).toHaveLength(1);
  });

  it('says when the certificate is for another name', async () => {
    await serve(['cloud.example']);
    expect(await failureCode(authority.caPem)).toBe('tls_name_mismatch');
  });

  it('says when the certificate has expired', async () => {
    await serve(['127.0.0.1'], -1);
    expect(await failureCode(authority.caPem)).toBe('tls_expired');
  });

  it('says when the other end speaks something else', async () => {
    await serve(['127.0.0.1']);
    expect(await failureCode(authority.caPem, `https://127.0.0.1:${cloud.port}`)).toBe('not_the_cloud');
  });

  it('goes through the proxy of the environment, which never sees the token', async () => {
    await serve(['127.0.0.1']);
    const proxy = await startProxy();
    const { port } = proxy.server.address() as AddressInfo;
    const proxyEnv = { HTTPS_PROXY: `http://127.0.0.1:${port}` };
    const client = clientOf({ url: secure.url, caPem: authority.caPem, proxyEnv });
    expect((await client.call('listDevices')).body.total).toBe(0);
    expect(proxy.seen).toEqual([`CONNECT 127.0.0.1:${secure.port}`]);
    client.close();
    proxy.server.close();
  });
});

/** A proxy that tunnels, and keeps what it was asked. */
async function startProxy(): Promise<{ server: Server; seen: string[] }> {
  const seen: string[] = [];
  const server = createServer((request) => seen.push(`${request.method ?? ''} ${request.url ?? ''}`));
  server.on('connect', (request, socket) => {
    seen.push(`CONNECT ${request.url ?? ''}${request.headers.authorization ?? ''}`);
    const [host = '', port = ''] = (request.url ?? '').split(':');
    const onward = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      socket.pipe(onward).pipe(socket);
    });
    socket.on('error', () => onward.destroy());
    onward.on('error', () => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, seen };
}

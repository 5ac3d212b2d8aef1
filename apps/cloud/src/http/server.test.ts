import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { errorCatalogue, type Operation, operations, problemSchema } from '@edgeflow/contract';
import { z } from 'zod';
import { answer } from './answer.ts';
import { ProblemError } from './problems.ts';
import { route } from './route.ts';
import { call, makeHttp, open, ownerToken, speak, type TestHttp, viewerToken } from './test-support.ts';

const echo = {
  method: 'POST',
  path: '/echo/:id/:part',
  summary: 'Answers what it got',
  access: 'public',
  query: z.object({ n: z.coerce.number().int().default(1) }),
  body: z.object({ name: z.string(), bind: z.object({ mac: z.string() }).strict().optional() }).strict(),
  answers: { 200: z.unknown() },
  errors: [],
} as const satisfies Operation;

/** Fails in the way its path says. */
const failing = {
  method: 'GET',
  path: '/fail/:how',
  summary: 'Fails',
  access: 'public',
  answers: { 200: z.unknown() },
  errors: [],
} as const satisfies Operation;

let http: TestHttp;
let port: number;

beforeEach(async () => {
  http = await makeHttp();
  route(http.app, echo, ({ body, params, query }) => answer(200, { body, params, query }));
  route(http.app, failing, async ({ params }) => {
    if (params.how === 'code') throw new ProblemError('code_expired', { detail: 'It ended in May' });
    if (params.how === 'busy') throw new ProblemError('unavailable', { cause: new Error('disk on fire') });
    if (params.how === 'later') throw new ProblemError('unavailable', { headers: { 'Retry-After': '77' } });
    if (params.how === 'local') throw new ProblemError('vault_unreadable');
    if (params.how === 'nothing') throw undefined as unknown as Error;
    throw new Error('the password is hunter2 and the key efk_abcdefgh');
  });
  route(http.app, operations.readDevice, ({ caller }) => {
    throw new ProblemError('device_not_found', { detail: caller.label });
  });
  route(http.app, operations.deleteDevice, () => ({ status: 204 as const }));
  route(http.app, operations.readShadow, ({ caller }) => {
    throw new ProblemError('device_not_found', { detail: caller.kind });
  });
  route(http.app, operations.updateShadow, ({ caller }) => {
    throw new ProblemError('device_not_found', { detail: caller.kind });
  });
  port = await http.listen();
});

afterEach(async () => {
  await http.app.close();
});

describe('a request', () => {
  it('reaches its handler parsed, with defaults', async () => {
    const got = await call(port, 'POST', '/echo/a/b', { body: { name: 'x' } });
    expect(got.status).toBe(200);
    expect(got.json).toEqual({ body: { name: 'x' }, params: { id: 'a', part: 'b' }, query: { n: 1 } });
    expect(got.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
  });

  it('has an id of its own, or the harmless one it came with', async () => {
    const id = async (sent?: string): Promise<unknown> => {
      const headers = sent === undefined ? {} : { 'x-request-id': sent };
      return (await call(port, 'GET', '/nowhere', { headers })).headers['x-request-id'];
    };
    expect(await id()).toMatch(/^req_[0-9a-z]{16}$/);
    expect(await id('trace-1234_A')).toBe('trace-1234_A');
    for (const sent of ['short', 'x'.repeat(65), 'with space', 'a;b;c;d;e', 'efk_abcdefghijkl']) {
      expect(await id(sent)).toMatch(/^req_/);
    }
  });
});

describe('a request that is refused', () => {
  it.each([
    ['cut JSON', '{"name":', 'The body is not valid JSON'],
    [
      'a prototype member',
      '{"name": "x", "__proto__": {"admin": true}}',
      'must not have members named "__proto__"',
    ],
    [
      'a hidden prototype member',
      String.raw`{"name": "x", "\u005f_proto__": 1}`,
      'must not have members named',
    ],
    ['bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0xfe, 0x22]), 'The body is not UTF-8'],
    ['an overlong encoding', Buffer.from([0x22, 0xc0, 0xaf, 0x22]), 'The body is not UTF-8'],
  ])('for %s says so and repeats nothing of it', async (_, body, detail) => {
    const got = await call(port, 'POST', '/echo/a/b', { body });
    expect(got.status).toBe(400);
    expect(problemSchema.parse(got.json)).toMatchObject({ code: 'request_malformed', retryable: false });
    expect(got.json.detail).toContain(detail);
    expect(got.headers['content-type']).toBe('application/problem+json; charset=utf-8');
  });

  it('names every wrong field, and no value', async () => {
    const body = { name: 4, bind: { mac: 'x', mca: 'y' }, 'PROV-A1B2-C3D4': 1 };
    const got = await call(port, 'POST', '/echo/a/b', { body });
    expect(got.json.errors).toEqual([
      { field: 'name', message: 'Invalid input: expected string, received number' },
      { field: 'bind', message: 'Unrecognized key: "mca"' },
      { field: '', message: 'Unrecognized key: "PROV-…"' },
    ]);
    const query = await call(port, 'POST', '/echo/a/b?n=efk_abcdefgh', { body: { name: 'x' } });
    expect(query.json).toMatchObject({ code: 'request_malformed', errors: [{ field: 'n' }] });
    expect(query.text).not.toContain('efk_abcdefgh');
  });

  it.each([{}, { 'content-type': 'application/json' }])(
    'for an empty body (%o) says what to send',
    async (headers) => {
      const got = await call(port, 'POST', '/echo/a/b', { headers: { ...headers, 'content-length': 0 } });
      expect(got.json).toMatchObject({
        code: 'request_malformed',
        errors: [{ field: '', message: 'is required' }],
      });
      expect(got.json.detail).toContain('send a JSON object');
    },
  );

  it.each([
    ['text/plain', 'text'],
    ['application/x-www-form-urlencoded', 'a=b'],
    ['application/jsonp', '{}'],
    ['nonsense', '{}'],
  ])('for the media type %s is 415', async (type, body) => {
    const got = await call(port, 'POST', '/echo/a/b', { headers: { 'content-type': type }, body });
    expect([got.status, got.json.code]).toEqual([415, 'media_type_unsupported']);
  });

  it('for its size is 413, told or not', async () => {
    const body = JSON.stringify({ name: 'x'.repeat(16 * 1024) });
    const told = await call(port, 'POST', '/echo/a/b', { body });
    const untold = await call(port, 'POST', '/echo/a/b', {
      body,
      headers: { 'transfer-encoding': 'chunked' },
    });
    for (const got of [told, untold]) expect([got.status, got.json.code]).toEqual([413, 'body_too_large']);
  });

  it.each([
    ['GET', '/nowhere', 404, 'route_unknown', undefined],
    ['GET', '/nowhere?x=%zz', 404, 'route_unknown', undefined],
    ['GET', '/echo/a', 404, 'route_unknown', undefined],
    ['GET', '/echo/a/b', 405, 'method_not_allowed', 'POST'],
    ['PATCH', '/api/v1/devices/dev_1', 405, 'method_not_allowed', 'DELETE, GET, HEAD'],
    ['POST', '/api/v1/devices/dev_1/shadow', 405, 'method_not_allowed', 'GET, HEAD, PUT'],
    ['GET', '/api/v1/devices/%zz', 400, 'request_malformed', undefined],
    ['GET', `/api/v1/devices/${'x'.repeat(300)}`, 404, 'route_unknown', undefined],
  ])('%s %s is %i %s', async (method, path, status, code, allow) => {
    const got = await call(port, method, path);
    expect([got.status, got.json.code, got.headers.allow]).toEqual([status, code, allow]);
    expect(problemSchema.safeParse(got.json).success).toBe(true);
  });
});

describe('a thrown problem', () => {
  it('is answered as the catalogue says, with what older devices print', async () => {
    const got = await call(port, 'GET', '/fail/code');
    expect(got.status).toBe(410);
    expect(got.json).toEqual({
      type: 'urn:edgeflow:problem:code_expired',
      title: errorCatalogue.code_expired.title,
      status: 410,
      detail: 'It ended in May',
      code: 'code_expired',
      retryable: false,
      next_step: errorCatalogue.code_expired.nextStep,
      request_id: got.headers['x-request-id'],
      error: errorCatalogue.code_expired.title,
    });
    expect(got.headers['cache-control']).toBe('no-store');
  });

  it('of 503 says when to try again', async () => {
    expect((await call(port, 'GET', '/fail/busy')).headers['retry-after']).toBe('5');
    expect((await call(port, 'GET', '/fail/later')).headers['retry-after']).toBe('77');
  });

  it('of 401 says how to authenticate', async () => {
    const got = await call(port, 'GET', '/api/v1/devices/dev_1');
    expect([got.status, got.headers['www-authenticate']]).toEqual([401, 'Bearer realm="edgeflow"']);
  });

  it.each(['bug', 'nothing', 'local'])(
    'that nobody expected (%s) is 500 without its cause, which is logged',
    async (how) => {
      const got = await call(port, 'GET', `/fail/${how}`);
      expect([got.status, got.json.code]).toEqual([500, 'internal']);
      expect(got.text).not.toContain('hunter2');
      const line = http.lines.find((text) => text.includes('request failed')) ?? '';
      expect(JSON.parse(line)).toMatchObject({
        level: 'error',
        req: { id: got.headers['x-request-id'], method: 'GET', route: '/fail/:how', address: '127.0.0.1' },
      });
      expect(line).not.toContain('efk_abcdefgh');
      if (how === 'bug') expect(line).toContain('hunter2');
    },
  );

  it('with a cause keeps it in the log', async () => {
    await call(port, 'GET', '/fail/busy');
    const line = http.lines.find((text) => text.includes('disk on fire')) ?? '';
    expect(JSON.parse(line)).toMatchObject({ level: 'warn', code: 'unavailable' });
  });

  it('is not made of a client that goes away while it sends', async () => {
    const socket = await open(port);
    socket.write(
      'POST /echo/a/b HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{',
    );
    // Answered only once the broken request has been handled: both are on one event loop.
    await call(port, 'GET', '/healthz');
    socket.destroy();
    await once(socket, 'close');
    await call(port, 'GET', '/healthz');
    expect(http.lines.filter((line) => line.includes('request failed'))).toEqual([]);
  });
});

describe('a stream', () => {
  it('arrives as it is made, and is ended when its reader leaves', async () => {
    const stream = new Readable({ read: () => undefined });
    const other = await makeHttp();
    route(other.app, operations.streamEvents, () => answer(200, stream, { 'X-Accel-Buffering': 'no' }), {
      waits: true,
    });
    const streamPort = await other.listen();
    const sent = get({
      port: streamPort,
      path: '/api/v1/events',
      headers: { 'x-api-key': viewerToken },
      agent: false,
    });
    stream.push('data: 1\n\n');
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    expect(response.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'x-accel-buffering': 'no',
    });
    const [first] = (await once(response, 'data')) as [Buffer];
    expect(first.toString()).toBe('data: 1\n\n');
    const ended = once(stream, 'close');
    response.destroy();
    await ended;
    expect(
      (await call(streamPort, 'HEAD', '/api/v1/events', { headers: { 'x-api-key': viewerToken } })).status,
    ).toBe(405);
    await other.app.close();
  });
});

describe('access', () => {
  it('is given to a token in either header', async () => {
    for (const headers of [{ 'x-api-key': viewerToken }, { authorization: `bearer ${viewerToken}` }]) {
      expect((await call(port, 'GET', '/api/v1/devices/dev_1', { headers })).json.detail).toBe('viewer');
    }
  });

  it.each([{}, { 'x-api-key': 'wrong' }, { authorization: 'Basic b3duZXI=' }, { authorization: 'Bearer' }])(
    'is refused to %o',
    async (headers) => {
      const got = await call(port, 'GET', '/api/v1/devices/dev_1', { headers });
      expect([got.status, got.json.code]).toEqual([401, 'token_rejected']);
    },
  );

  it('depends on the role', async () => {
    const remove = (token: string): ReturnType<typeof call> =>
      call(port, 'DELETE', '/api/v1/devices/dev_1', { headers: { 'x-api-key': token } });
    const refused = await remove(viewerToken);
    expect([refused.status, refused.json.code]).toEqual([403, 'forbidden']);
    expect(refused.json.detail).toBe('This call needs the role operator; this credential has viewer');
    expect(await remove(ownerToken)).toMatchObject({ status: 204, text: '' });
  });

  it('is decided before the body is read', async () => {
    const head = 'PUT /api/v1/devices/dev_1/shadow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n';
    const heard = await speak(
      port,
      `${head}Content-Type: application/json\r\nContent-Length: 200000\r\n\r\n`,
    );
    expect(heard).toContain('401 Unauthorized');
    expect(heard).toContain('"key_rejected"');
  });

  it('is passed on unchecked for a device, by the look of its key', async () => {
    const shadow = (token: string): ReturnType<typeof call> =>
      call(port, 'GET', '/api/v1/devices/dev_1/shadow', { headers: { 'x-api-key': token } });
    expect((await shadow('efk_whatever')).json.detail).toBe('device');
    expect((await shadow(viewerToken)).json.detail).toBe('operator');
    expect((await shadow('wrong')).json.code).toBe('token_rejected');
  });

  it('lets an operator send more than a device', async () => {
    const body = { desired: { text: 'x'.repeat(20_000) } };
    const write = (token: string): ReturnType<typeof call> =>
      call(port, 'PUT', '/api/v1/devices/dev_1/shadow', { headers: { 'x-api-key': token }, body });
    expect((await write('efk_whatever')).json.code).toBe('body_too_large');
    expect((await write(ownerToken)).json.detail).toBe('operator');
    expect((await write(viewerToken)).json.code).toBe('forbidden');
  });
});

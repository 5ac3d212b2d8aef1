import { once } from 'node:events';
import type { IncomingMessage, RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { closeAll, keep } from './testing/cleanup.ts';
import { startHttp, startTcp } from './testing/servers.ts';
import { get, outwait, transportTo } from './testing/transports.ts';
import type { CloudAnswer } from './transport.ts';

afterEach(closeAll);

async function asked(handler: RequestListener, path?: string): Promise<CloudAnswer> {
  const running = keep(await startHttp(handler));
  return get(transportTo(`http://127.0.0.1:${String(running.port)}`), path);
}

/** A server that reads one request and answers with these bytes, then ends the connection. */
async function askedRaw(bytes: string | Buffer): Promise<CloudAnswer> {
  const running = keep(await startTcp((socket: Socket) => socket.once('data', () => socket.end(bytes))));
  return get(transportTo(`http://127.0.0.1:${String(running.port)}`));
}

describe('a request', () => {
  it('arrives as it was given, under the path that the cloud is served under', async () => {
    let seen: Pick<IncomingMessage, 'method' | 'url' | 'headers'> | undefined;
    let body: Promise<string> | undefined;
    const running = keep(
      await startHttp((request, response) => {
        seen = request;
        body = text(request);
        response
          .writeHead(201, { 'content-type': 'application/json', 'X-Two': ['a', 'b'] })
          .end('{"ok":"é"}');
      }),
    );
    const authority = `127.0.0.1:${String(running.port)}`;
    const transport = transportTo(`http://${authority}/prefix`);
    const answer = await transport.request({
      method: 'POST',
      path: '/api/v1/devices/provision',
      headers: { 'content-type': 'application/json', 'idempotency-key': 'secret' },
      body: '{"provisioning_code":"ü"}',
      timeoutMs: 60_000,
    });
    expect(answer).toMatchObject({ status: 201, body: '{"ok":"é"}', headers: { 'x-two': 'a, b' } });
    expect(transport.origin).toBe(`http://${authority}/prefix`);
    expect(seen).toMatchObject({
      method: 'POST',
      url: '/prefix/api/v1/devices/provision',
      headers: { host: authority, 'content-length': '26', 'idempotency-key': 'secret', connection: 'close' },
    });
    expect(await body).toBe('{"provisioning_code":"ü"}');
  });

  it('gets every other answer as it is', async () => {
    const answer = await asked((_request, response) =>
      response.writeHead(503, { 'retry-after': '7' }).end('busy'),
    );
    expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '7' }, body: 'busy' });
  });

  it.each([301, 302, 303, 307, 308])('follows no redirect (%i), and names only the host', async (status) => {
    let requests = 0;
    const elsewhere = keep(
      await startHttp((_request, response) => {
        requests += 1;
        response.end('{}');
      }),
    );
    const location = `http://localhost:${String(elsewhere.port)}/login?token=abc`;
    const running = keep(
      await startHttp((_request, response) => response.writeHead(status, { location }).end()),
    );
    const request = transportTo(`http://127.0.0.1:${String(running.port)}`).request({
      method: 'POST',
      path: '/api/v1/devices/provision',
      headers: { 'idempotency-key': 'secret' },
      body: '{"provisioning_code":"PROV-A1B2-C3D4"}',
      timeoutMs: 60_000,
    });
    const error = await request.catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: status === 301 || status === 308 ? 'not_the_cloud' : 'captive_portal',
      message: expect.stringContaining(`answered ${String(status)} and points to localhost:`) as string,
    });
    expect((error as Error).message).not.toMatch(/abc|login/);
    expect(requests).toBe(0);
  });

  it('does not trip over a redirect to nowhere', async () => {
    const odd = asked((_request, response) => response.writeHead(308, { location: 'http://[' }).end());
    await expect(odd).rejects.toMatchObject({ code: 'not_the_cloud' });
  });

  it('refuses an answer that is too long before it has all of it', async () => {
    const endless = asked((_request, response) => void response.write(Buffer.alloc(1024 * 1024, 'x')));
    await expect(endless).rejects.toMatchObject({
      code: 'answer_malformed',
      message: expect.stringContaining('is longer than 65536 bytes') as string,
    });
  });

  it.each([
    [
      'with a body cut short',
      'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"time"',
      'broke off after 7 bytes',
    ],
    [
      'with a chunk cut short',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\n{"ti',
      'broke off',
    ],
    [
      'with a head without end',
      `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`,
      'a head that is too long',
    ],
  ])('reports an answer %s as malformed', async (_name, bytes, message) => {
    const expected = { code: 'answer_malformed', message: expect.stringContaining(message) as string };
    await expect(askedRaw(bytes)).rejects.toMatchObject(expected);
  });

  it('reports an answer that is not UTF-8', async () => {
    const latin = Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n\xe9\xe9\xe9', 'latin1');
    await expect(askedRaw(latin)).rejects.toMatchObject({ code: 'answer_malformed' });
  });

  it('takes another protocol for what it is', async () => {
    await expect(askedRaw('SSH-2.0-OpenSSH_9.2\r\n')).rejects.toMatchObject({ code: 'not_the_cloud' });
  });

  it('reports a connection that is closed without an answer', async () => {
    await expect(askedRaw('')).rejects.toMatchObject({
      code: 'cloud_unreachable',
      message: expect.stringContaining('closed the connection without an answer') as string,
    });
  });

  it.each([
    ['never comes', ''],
    ['begins and never ends', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{'],
  ])('is given up after its time when the answer %s', async (_name, bytes) => {
    const received = Promise.withResolvers<undefined>();
    const slow = keep(
      await startTcp((socket) =>
        socket.once('data', () => {
          socket.write(bytes);
          received.resolve(undefined);
        }),
      ),
    );
    const outcome = await outwait(received.promise, (time) =>
      get(transportTo(`http://127.0.0.1:${String(slow.port)}`, { time })),
    );
    const message = expect.stringContaining('did not answer within 60 seconds') as string;
    expect(outcome).toMatchObject({ reason: { code: 'cloud_unreachable', message } });
  });

  it('leaves no connection behind', async () => {
    const running = keep(await startHttp((_request, response) => response.end('{}')));
    const connection = once(running.server, 'connection');
    await get(transportTo(`http://127.0.0.1:${String(running.port)}`));
    const [socket] = (await connection) as [Socket];
    if (!socket.closed) await once(socket, 'close');
    expect(socket.closed).toBe(true);
  });
});

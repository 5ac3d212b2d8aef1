import { once } from 'node:events';
import { Agent, get, type IncomingMessage, request as httpRequest } from 'node:http';
import { Agent as SecureAgent, get as secureGet } from 'node:https';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Operation, problemSchema } from '@edgeflow/contract';
import { systemClock, systemFiles, systemRandom, systemTimers } from '@edgeflow/platform';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { ListenSetting, SettingError } from '../config.ts';
import { createLogger, type Logger } from '../logging.ts';
import { type CertificateSource, openCertificates } from '../tls/index.ts';
import { answer } from './answer.ts';
import { type Listeners, type ListenersOptions, type ServerLimits, startListeners } from './listeners.ts';
import { route } from './route.ts';
import { call, makeHttp, open, speak, type TestHttp } from './test-support.ts';

const slow = {
  method: 'GET',
  path: '/slow',
  summary: 'Answers when it is told to',
  access: 'public',
  answers: { 200: z.object({ done: z.boolean() }) },
  errors: [],
} as const satisfies Operation;

const taking = {
  method: 'POST',
  path: '/take',
  summary: 'Takes anything',
  access: 'public',
  body: z.unknown(),
  answers: { 204: null },
  errors: [],
} as const satisfies Operation;

const anyPort: ListenSetting = { host: '127.0.0.1', port: 0, portGiven: true };
let folder: string;
let http: TestHttp;
let certificates: CertificateSource;
let logger: Logger;
let lines: string[];
let listeners: Listeners | undefined;
let finishSlow: () => void;
let slowStarted: Promise<boolean>;
const closing: (() => void)[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'edgeflow-listeners-'));
  lines = [];
  logger = createLogger({
    level: 'debug',
    pretty: false,
    destination: { write: (line) => void lines.push(line) },
  });
  certificates = await openCertificates({
    ...{ files: systemFiles, clock: systemClock, timers: systemTimers, random: systemRandom, logger },
    certificateFiles: undefined,
    dataFolder: folder,
    hostName: 'localhost',
  });
  http = await makeHttp();
  const finished = Promise.withResolvers<boolean>();
  const started = Promise.withResolvers<boolean>();
  finishSlow = () => finished.resolve(true);
  slowStarted = started.promise;
  route(http.app, taking, () => ({ status: 204 as const }));
  route(http.app, slow, async () => {
    started.resolve(true);
    return answer(200, { done: await finished.promise });
  });
});

afterEach(async () => {
  finishSlow();
  for (const close of closing.splice(0)) close();
  await listeners?.stop(0);
  listeners = undefined;
  await http.app.close();
  await rm(folder, { recursive: true });
});

async function start(
  options: Partial<ListenersOptions> = {},
): Promise<Listeners & { readonly plainPort: number }> {
  listeners = await startListeners({
    app: http.app,
    https: anyPort,
    http: anyPort,
    certificates,
    onUpgrade: (_, socket) => socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\nhello'),
    time: { clock: systemClock, timers: systemTimers },
    logger,
    ...options,
  });
  return { ...listeners, plainPort: listeners.http?.port ?? 0 };
}

async function answered(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return text;
}

async function taken(): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => server.close());
  return { server, port: (server.address() as AddressInfo).port };
}

describe('the listeners', () => {
  it('serve the same on HTTPS and on plain HTTP', async () => {
    const { https, plainPort } = await start();
    expect((await call(plainPort, 'GET', '/healthz')).json).toEqual({ status: 'ok' });
    const options = { host: '127.0.0.1', port: https.port, ca: certificates.caPem, agent: false };
    const [response] = (await once(secureGet({ ...options, path: '/healthz' }), 'response')) as [
      IncomingMessage,
    ];
    expect(JSON.parse(await answered(response))).toEqual({ status: 'ok' });
  });

  it('pass upgrades on from both', async () => {
    const { https, plainPort } = await start();
    const ask = 'GET /tunnel HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
    expect(await speak(plainPort, ask)).toContain('101 Switching Protocols\r\n\r\nhello');
    const socket = connectTls({ host: '127.0.0.1', port: https.port, ca: certificates.caPem });
    socket.write(ask);
    let heard = '';
    for await (const chunk of socket) heard += String(chunk);
    expect(heard).toContain('hello');
  });

  it('cut off a client that pipelines requests and reads no answer', async () => {
    const { plainPort } = await start();
    const socket = connect(plainPort, '127.0.0.1');
    socket.pause();
    socket.on('error', () => undefined);
    const request = 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n';
    socket.write(request.repeat(400));
    await once(socket.resume(), 'close');
    expect((await call(plainPort, 'GET', '/healthz')).status).toBe(200);
  });

  it('may be HTTPS alone', async () => {
    expect((await start({ http: undefined })).http).toBeUndefined();
  });

  it('show a renewed certificate to new connections', async () => {
    let options = certificates.secureContextOptions();
    let changed: () => void = () => undefined;
    const source: CertificateSource = {
      ...{ caPem: undefined, caFile: undefined, pins: [] },
      secureContextOptions: () => options,
      watch: (onChange) => {
        changed = onChange;
        return () => undefined;
      },
    };
    const { https } = await start({ certificates: source });
    const other = await openCertificates({
      ...{ files: systemFiles, clock: systemClock, timers: systemTimers, random: systemRandom, logger },
      ...{ certificateFiles: undefined, dataFolder: join(folder, 'other'), hostName: 'localhost' },
    });
    options = other.secureContextOptions();
    changed();
    const socket = connectTls({ host: '127.0.0.1', port: https.port, ca: other.caPem });
    await once(socket, 'secureConnect');
    expect(socket.authorized).toBe(true);
    socket.destroy();
  });

  it('name an address whose handshakes fail, once', async () => {
    const { https } = await start();
    for (let i = 0; i < 2; i += 1) {
      const socket = connectTls({ host: '127.0.0.1', port: https.port });
      await once(socket, 'error');
    }
    // A plain request on the TLS port fails its handshake too.
    await speak(https.port, 'GET / HTTP/1.1\r\n\r\n');
    const warnings = lines.filter((line) => line.includes('a TLS handshake failed'));
    expect(warnings.map((line): unknown => JSON.parse(line))).toMatchObject([
      { level: 'warn', address: '127.0.0.1' },
    ]);
  });
});

describe('a port that is taken', () => {
  it('moves to the next free one, and the log says so, when it was not given', async () => {
    const { port } = await taken();
    const { plainPort } = await start({ http: { host: '127.0.0.1', port, portGiven: false } });
    expect(plainPort).toBeGreaterThan(port);
    expect(plainPort).toBeLessThanOrEqual(port + 20);
    expect((await call(plainPort, 'GET', '/healthz')).status).toBe(200);
    const line = lines.find((text) => text.includes('is taken')) ?? '';
    expect(JSON.parse(line)).toMatchObject({ wanted: port, port: plainPort });
  });

  it('is an error that names the setting when it was given, and nothing stays open', async () => {
    const { port } = await taken();
    const https: ListenSetting = { host: '127.0.0.1', port: await freePort(), portGiven: true };
    const error = (await start({ https, http: { host: '127.0.0.1', port, portGiven: true } }).catch(
      (caught: unknown) => caught,
    )) as SettingError;
    expect(error.problems).toEqual([
      {
        setting: 'HTTP_PORT',
        message: `port ${String(port)} is taken on 127.0.0.1`,
        nextStep: 'Stop the program that uses it, or set HTTP_PORT to a free port.',
      },
    ]);
    await expect(open(https.port)).rejects.toThrow('ECONNREFUSED');
  });

  it('is told from an address that is not of this machine', async () => {
    const starting = start({ https: { host: '192.0.2.1', port: 0, portGiven: true } });
    await expect(starting).rejects.toThrow(/^HOST: cannot listen on 192.0.2.1 \(EADDRNOTAVAIL\)/);
  });

  async function freePort(): Promise<number> {
    const { port, server } = await taken();
    server.close();
    await once(server, 'close');
    return port;
  }
});

describe('bytes that are no request', () => {
  it.each([
    ['nonsense', 'hello\r\n\r\n', '400 Bad Request'],
    [
      'headers without end',
      `GET / HTTP/1.1\r\nX: ${'x'.repeat(17_000)}\r\n\r\n`,
      '431 Request Header Fields Too Large',
    ],
    [
      'two lengths',
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
      '400 Bad Request',
    ],
  ])('%s are answered with a problem, and the connection ends', async (_, bytes, status) => {
    const { plainPort } = await start();
    const heard = await speak(plainPort, bytes);
    expect(heard).toContain(`HTTP/1.1 ${status}\r\n`);
    const problem = problemSchema.parse(JSON.parse(heard.slice(heard.indexOf('\r\n\r\n'))));
    expect(heard).toContain(`HTTP/1.1 ${String(problem.status)} `);
  });

  it('that follow an answer end the connection without another one', async () => {
    const { plainPort } = await start();
    const socket = await open(plainPort);
    socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    const [first] = (await once(socket, 'data')) as [Buffer];
    expect(first.toString()).toContain('200 OK');
    socket.write('nonsense\r\n\r\n');
    let more = '';
    socket.on('data', (chunk: Buffer) => (more += chunk.toString()));
    await once(socket, 'close').catch(() => undefined);
    expect(more).toBe('');
  });

  it('that come too slowly, or not at all, are given up on', async () => {
    const limits: Partial<ServerLimits> = {
      ...{ headersTimeoutMs: 100, requestTimeoutMs: 200, checkMs: 20 },
      ...{ keepAliveTimeoutMs: 5000, tlsHandshakeTimeoutMs: 100, headerBytesMax: 16_384 },
    };
    const { https, plainPort } = await start({ limits });
    const timedOut = '408 Request Timeout';
    expect(await speak(plainPort, 'GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ')).toContain(timedOut);
    expect(await speak(plainPort, '')).toContain(timedOut);
    const body =
      'POST /take HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{';
    expect(await speak(plainPort, body)).toContain(timedOut);
    expect(await speak(https.port, '')).toBe('');
  });
});

describe('stopping', () => {
  it('answers what is in flight, takes nothing new, and closes idle connections at once', async () => {
    const { plainPort, stop } = await start();
    const idle = new Agent({ keepAlive: true });
    closing.push(() => idle.destroy());
    const warm = get({ host: '127.0.0.1', port: plainPort, path: '/healthz', agent: idle });
    const [first] = (await once(warm, 'response')) as [IncomingMessage];
    await answered(first);
    const [idleSocket] = Object.values(idle.freeSockets).flatMap((sockets) => sockets ?? []);

    const pending = httpRequest({ host: '127.0.0.1', port: plainPort, path: '/slow', agent: false });
    pending.end();
    await slowStarted;
    const stopped = stop(30_000);
    if (idleSocket !== undefined && !idleSocket.destroyed) await once(idleSocket, 'close');
    await expect(open(plainPort)).rejects.toThrow('ECONNREFUSED');
    finishSlow();
    const [response] = (await once(pending, 'response')) as [IncomingMessage];
    expect(JSON.parse(await answered(response))).toEqual({ done: true });
    await stopped;
  });

  it('closes a busy keep-alive connection after its answer', async () => {
    const { https, stop } = await start();
    const agent = new SecureAgent({ keepAlive: true, ca: certificates.caPem });
    closing.push(() => agent.destroy());
    const pending = secureGet({ host: '127.0.0.1', port: https.port, path: '/slow', agent });
    await slowStarted;
    const stopped = stop(30_000);
    finishSlow();
    const [response] = (await once(pending, 'response')) as [IncomingMessage];
    await answered(response);
    await stopped;
  });

  it('cuts off, at its deadline, what does not end, upgraded sockets too', async () => {
    const upgraded = Promise.withResolvers<boolean>();
    const { plainPort, stop } = await start({ onUpgrade: () => upgraded.resolve(true) });
    const tunnel = await open(plainPort);
    tunnel.write('GET /tunnel HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    await upgraded.promise;
    const pending = httpRequest({ host: '127.0.0.1', port: plainPort, path: '/slow', agent: false });
    const failed = once(pending, 'error');
    pending.end();
    await slowStarted;
    const cut = once(tunnel, 'close');
    await stop(50);
    await Promise.all([failed.catch((error: unknown) => error), cut.catch((error: unknown) => error)]);
    await expect(open(plainPort)).rejects.toThrow('ECONNREFUSED');
  });
});

import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect as connectPlain, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { systemClock, systemFiles, systemRandom, systemTimers } from '@edgeflow/platform';
import { Registry } from 'prom-client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ListenSetting } from '../config.ts';
import { createLogger } from '../logging.ts';
import { eventuallyTrue } from '../testing/eventually.ts';
import { type CertificateSource, openCertificates } from '../tls/index.ts';
import { type Listeners, startListeners } from './listeners.ts';
import { insideMax } from './slow-lane.ts';
import { makeHttp, type TestHttp } from './test-support.ts';

const costly = '127.0.0.2';
const anyPort: ListenSetting = { host: '127.0.0.1', port: 0, portGiven: true };
const logger = createLogger({ level: 'fatal', pretty: false });
const get = 'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
const chunked = 'Host: x\r\nTransfer-Encoding: chunked\r\n';
const flood = `GET /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${'1\r\nx\r\n'.repeat(3_000)}`;

let folder: string;
let certificates: CertificateSource;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'edgeflow-floods-'));
  certificates = await openCertificates({
    ...{ files: systemFiles, clock: systemClock, timers: systemTimers, random: systemRandom, logger },
    ...{ certificateFiles: undefined, dataFolder: folder, hostName: 'localhost' },
  });
});
afterAll(() => rm(folder, { recursive: true }));

describe.each(['plain', 'TLS'] as const)('an address that floods chunks over %s', (kind) => {
  let http: TestHttp;
  let listeners: Listeners;
  let registry: Registry;
  const sockets: Socket[] = [];

  beforeEach(async () => {
    http = await makeHttp();
    registry = new Registry();
    listeners = await startListeners({
      ...{ app: http.app, https: anyPort, http: anyPort, certificates, logger, registry },
      onUpgrade: (_, socket) => socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n'),
      time: { clock: systemClock, timers: systemTimers },
    });
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await listeners.stop(0);
    await http.app.close();
  });

  function dialTcp(localAddress: string): Socket {
    const port = kind === 'TLS' ? listeners.https.port : (listeners.http?.port ?? 0);
    const socket = connectPlain({ host: '127.0.0.1', port, localAddress, noDelay: true });
    sockets.push(socket);
    return socket.on('error', () => undefined);
  }

  /** A connection that requests can be written to at once. */
  function dial(localAddress: string): Socket {
    const tcp = dialTcp(localAddress);
    if (kind === 'plain') return tcp;
    return connectTls({ socket: tcp, ca: certificates.caPem, servername: 'localhost' }).on(
      'error',
      () => undefined,
    );
  }

  async function speak(localAddress: string, bytes: string): Promise<string> {
    let heard = '';
    const socket = dial(localAddress).on('data', (chunk: Buffer) => (heard += chunk.toString('latin1')));
    socket.write(bytes);
    await once(socket, 'close');
    return heard;
  }

  async function slowed(): Promise<number> {
    return Number(/^edgeflow_connections_slowed (\d+)$/m.exec(await registry.metrics())?.[1]);
  }

  it('has its next connections served after each other, and so has whoever shares it', async () => {
    await speak(costly, flood);
    const answers = await Promise.all(Array.from({ length: 40 }, () => speak(costly, get)));
    for (const heard of answers) expect(heard).toContain('200 OK');
    expect(await slowed()).toBe(0);
  });

  it('takes nothing down with it when its connections break while they wait', async () => {
    await speak(costly, flood);
    for (let round = 0; round < 5; round += 1) {
      const waiting = Array.from({ length: 60 }, () => dialTcp(costly));
      await Promise.all(waiting.map((socket) => once(socket, 'connect')));
      for (const socket of waiting) socket.write('G');
      await eventuallyTrue('they wait', async () => (await slowed()) > 0);
      for (const socket of waiting) socket.resetAndDestroy();
      await eventuallyTrue('they are gone', async () => (await slowed()) === 0);
    }
    expect(await speak('127.0.0.1', get)).toContain('200 OK');
    expect(await speak(costly, get)).toContain('200 OK');
  });

  it('has a few connections that wait for it at once, and shuts nobody out who shares it', async () => {
    await speak(costly, flood);
    const idle = Array.from({ length: 60 }, () => dialTcp(costly));
    await Promise.all(idle.map((socket) => once(socket, 'connect')));
    await eventuallyTrue('they wait', async () => (await slowed()) > 60 - 2 * insideMax);
    expect(await speak('127.0.0.1', get)).toContain('200 OK');
    // Behind all of them, who say nothing for as long as they may.
    expect(await speak(costly, get)).toContain('200 OK');
  });

  it('may be one that pipelines, a packet of requests more than anybody needs', async () => {
    const own = dialTcp(costly);
    await once(own, 'connect');
    const lost = once(own.resume(), 'close');
    await speak(costly, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(500));
    await lost;
  });

  it('has no more chunks in ten requests of one packet than in one', async () => {
    const own = dialTcp(costly);
    await once(own, 'connect');
    const lost = once(own.resume(), 'close');
    const few = `GET /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${'1\r\nx\r\n'.repeat(1_000)}0\r\n\r\n`;
    await speak(costly, few.repeat(3));
    await lost;
  });

  it('is not one whose refused request ends before its body, nor one that is in the middle of saying something', async () => {
    const speaking = dial(costly);
    speaking.write(
      'POST /api/v1/nowhere HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{',
    );
    await eventuallyTrue('it is heard', async () =>
      /edgeflow_connections_waiting\{listener="\w+"\} [1-9]/.test(await registry.metrics()),
    );
    expect(await speak(costly, `GET /healthz HTTP/1.1\r\n${chunked}\r\n1\r\nx\r\n`)).toContain(' 200 ');
    expect(speaking.destroyed).toBe(false);
    expect(await speak(costly, get)).toContain('200 OK');
  });

  it('loses what it has waiting, and nobody else does', async () => {
    const own = dialTcp(costly);
    const neighbour = dialTcp('127.0.0.3');
    await Promise.all([once(own, 'connect'), once(neighbour, 'connect')]);
    const lost = once(own.resume(), 'close');
    await speak(costly, flood);
    await lost;
    expect(await speak('127.0.0.1', get)).toContain('200 OK');
    expect(neighbour.destroyed).toBe(false);
  });

  it.each([
    ['an answered request', `GET /healthz HTTP/1.1\r\n${chunked}\r\n`, ' 200 '],
    [
      'a wish that nobody fulfils',
      `GET /healthz HTTP/1.1\r\n${chunked}Expect: the impossible\r\n\r\n`,
      ' 417 ',
    ],
    [
      'a wish for another protocol',
      `GET /tunnel HTTP/1.1\r\n${chunked}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
      ' 404 ',
    ],
  ])('cannot go on with the body of %s: the connection ends with the answer', async (_, head, status) => {
    const heard = await speak('127.0.0.1', `${head}1\r\nx\r\n`);
    expect(heard).toContain(status);
    expect(heard.toLowerCase()).toContain('connection: close');
  });
});

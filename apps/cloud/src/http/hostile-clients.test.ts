import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect as connectPlain, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Operation } from '@edgeflow/contract';
import { systemClock, systemFiles, systemRandom, systemTimers } from '@edgeflow/platform';
import { Registry } from 'prom-client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { ListenSetting } from '../config.ts';
import { createLogger } from '../logging.ts';
import { eventuallyTrue } from '../testing/eventually.ts';
import { type CertificateSource, openCertificates } from '../tls/index.ts';
import { answer } from './answer.ts';
import { type Listeners, startListeners } from './listeners.ts';
import { route } from './route.ts';
import { makeHttp, type TestHttp } from './test-support.ts';

const operation = { summary: 'For the test', access: 'public', errors: [] } as const;
const slow = {
  ...operation,
  method: 'GET',
  path: '/slow',
  answers: { 200: z.object({ turn: z.number() }) },
} as const satisfies Operation;
const sized = {
  ...operation,
  method: 'POST',
  path: '/sized',
  body: z.object({ text: z.string() }),
  answers: { 200: z.object({ length: z.number() }) },
} as const satisfies Operation;
const guarded = { ...sized, access: 'operator', path: '/guarded' } as const satisfies Operation;

const waitingMax = 16;
const anyPort: ListenSetting = { host: '127.0.0.1', port: 0, portGiven: true };
const logger = createLogger({ level: 'fatal', pretty: false });

let folder: string;
let certificates: CertificateSource;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'edgeflow-hostile-'));
  certificates = await openCertificates({
    ...{ files: systemFiles, clock: systemClock, timers: systemTimers, random: systemRandom, logger },
    ...{ certificateFiles: undefined, dataFolder: folder, hostName: 'localhost' },
  });
});
afterAll(() => rm(folder, { recursive: true }));

/** Its end, in good order or not. */
function ended(socket: Socket): Promise<unknown> {
  return new Promise((resolve) => {
    socket.once('close', resolve).once('end', resolve);
  });
}

describe.each(['plain', 'TLS'] as const)('over %s', (kind) => {
  let http: TestHttp;
  let listeners: Listeners;
  let registry: Registry;
  const sockets: Socket[] = [];
  /** Ends the slow call whose turn it is. */
  let finish: (() => void)[];

  beforeEach(async () => {
    finish = [];
    http = await makeHttp();
    route(http.app, slow, async () => {
      const turn = finish.length;
      await new Promise<void>((resolve) => {
        finish.push(resolve);
      });
      return answer(200, { turn });
    });
    for (const operation of [sized, guarded])
      route(http.app, operation, ({ body }) => answer(200, { length: body.text.length }));
    registry = new Registry();
    listeners = await startListeners({
      ...{ app: http.app, https: anyPort, http: anyPort, certificates, logger, registry },
      onUpgrade: (_, socket) => socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n'),
      time: { clock: systemClock, timers: systemTimers },
      limits: { waitingMax },
    });
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    for (const one of finish) one();
    await listeners.stop(0);
    await http.app.close();
  });

  function dialTcp(localAddress = '127.0.0.1'): Socket {
    const port = kind === 'TLS' ? listeners.https.port : (listeners.http?.port ?? 0);
    const socket = connectPlain({
      host: '127.0.0.1',
      port,
      localAddress,
      allowHalfOpen: true,
      noDelay: true,
    });
    sockets.push(socket);
    return socket.on('error', () => undefined);
  }

  async function dial(localAddress = '127.0.0.1'): Promise<Socket> {
    if (kind === 'plain') {
      const socket = dialTcp(localAddress);
      await once(socket, 'connect');
      return socket;
    }
    const at = { host: '127.0.0.1', port: listeners.https.port, localAddress };
    const socket = connectTls({ ...at, ca: certificates.caPem });
    sockets.push(socket.on('error', () => undefined));
    await once(socket, 'secureConnect');
    return socket;
  }

  /** All that comes until the server closes. */
  async function hear(socket: Socket): Promise<string> {
    let heard = '';
    socket.on('data', (chunk: Buffer) => (heard += chunk.toString('latin1')));
    await ended(socket);
    return heard;
  }

  async function speak(bytes: string): Promise<string> {
    const socket = await dial();
    socket.write(bytes);
    return hear(socket);
  }

  const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;

  async function metric(name: string): Promise<number> {
    const listener = kind === 'TLS' ? 'https' : 'http';
    const line = new RegExp(`^${name}\\{listener="${listener}"\\} (\\d+)$`, 'm');
    return Number(line.exec(await registry.metrics())?.[1]);
  }

  it('sockets that send nothing are bounded: the one that waited longest goes, whoever asks is answered', async () => {
    const first = dialTcp();
    await once(first, 'connect');
    const gone = ended(first);
    const silent = Array.from({ length: 3 * waitingMax }, () => dialTcp());
    await Promise.all(silent.map((socket) => once(socket, 'connect')));
    await gone;
    expect(await speak(get('/healthz'))).toContain('200 OK');
    await eventuallyTrue(
      'evictions',
      async () => (await metric('edgeflow_connections_evicted_total')) > waitingMax,
    );
    expect(await metric('edgeflow_connections_waiting')).toBeLessThanOrEqual(waitingMax);
  });

  it('sockets that have done their handshake, or have been answered, or send half a request, are bounded alike', async () => {
    for (const words of [
      '',
      'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n',
      'POST /sized HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{',
    ]) {
      for (let opened = 0; opened < 2 * waitingMax; opened += 1) (await dial()).write(words);
      expect(await metric('edgeflow_connections_waiting')).toBeLessThanOrEqual(waitingMax);
    }
    expect(await speak(get('/healthz'))).toContain('200 OK');
  });

  const headOf = (line: string, type = 'application/json'): string =>
    `${line} HTTP/1.1\r\nHost: x\r\nContent-Type: ${type}\r\nContent-Length: 5\r\n\r\n`;

  it.each([
    ['of a type that nobody reads', headOf('POST /sized', 'text/x'), ' 415 '],
    ['for nothing that is here', headOf('POST /nowhere'), ' 404 '],
    ['from nobody who may send it', headOf('POST /guarded'), ' 401 '],
    ['for a call that has none', headOf('GET /healthz'), ' 200 '],
  ])(
    'sockets that send a body %s, after it has been answered, are bounded alike',
    async (_, head, status) => {
      let open = 0;
      for (let opened = 0; opened < 100; opened += 1) {
        const socket = await dial();
        open += 1;
        void ended(socket).then(() => (open -= 1));
        const answered = once(socket, 'data');
        socket.write(head);
        expect(String(await answered)).toContain(status);
        // Its end is the end of a request that is answered already: its client is waited for, as before.
        socket.write('hello');
      }
      await eventuallyTrue('no more than the bound are open', () => open <= waitingMax);
      // Nor fewer: they went for want of room, not because of what they had sent.
      expect(open).toBe(waitingMax);
      expect(await metric('edgeflow_connections_waiting')).toBe(waitingMax);
      expect(await speak(get('/healthz'))).toContain('200 OK');
    },
  );

  it('sockets of one address that come ever faster send away one another, and nobody else', async () => {
    const flood = async (): Promise<void> => {
      const silent = Array.from({ length: 3 * waitingMax }, () => dialTcp('127.0.0.2'));
      await Promise.all(silent.map((socket) => once(socket, 'connect')));
    };
    await flood();
    // Each is longer here than all of the flood that comes after it.
    const honest: Socket[] = [];
    for (let came = 0; came < waitingMax / 2; came += 1) {
      honest.push(await dial(`127.0.1.${String(came)}`));
      await flood();
    }
    const heard = honest.map(hear);
    for (const socket of honest) socket.write(get('/healthz'));
    for (const one of await Promise.all(heard)) expect(one).toContain('200 OK');
  });

  it('whoever waits for an answer is not sent away by those who ask for nothing', async () => {
    const patient = speak(get('/slow'));
    await eventuallyTrue('asked', () => finish.length === 1);
    for (let opened = 0; opened < 3 * waitingMax; opened += 1) await dial();
    finish[0]?.();
    expect(await patient).toContain('{"turn":0}');
  });

  it('pipelined requests are served one after the other, and answered in order', async () => {
    const socket = await dial();
    socket.write('GET /slow HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(2) + get('/slow'));
    const heard = hear(socket);
    for (let turn = 0; turn < 3; turn += 1) {
      await eventuallyTrue('its turn', () => finish.length === turn + 1);
      // Nothing more is begun while this one is not answered.
      expect(await speak(get('/healthz'))).toContain('200 OK');
      expect(finish).toHaveLength(turn + 1);
      finish[turn]?.();
    }
    expect((await heard).match(/"turn":\d/g)).toEqual(['"turn":0', '"turn":1', '"turn":2']);
  });

  it('a request to another protocol behind one that is not answered is cut off', async () => {
    const upgrade = 'GET /tunnel HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
    expect(await speak(`GET /slow HTTP/1.1\r\nHost: x\r\n\r\n${upgrade}`)).toBe('');
    expect(await speak(upgrade)).toContain('101 Switching');
  });

  const chunks = (text: string, size: number): string =>
    (text.match(new RegExp(`.{1,${String(size)}}`, 'g')) ?? [])
      .map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`)
      .join('');
  const chunked =
    'POST /sized HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n';

  it('a body that comes byte by byte is read, and costs no more than it holds', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const held = (): number => {
      collect();
      const { arrayBuffers, heapUsed } = process.memoryUsage();
      return heapUsed + arrayBuffers;
    };
    const bytes = chunks(JSON.stringify({ text: 'x'.repeat(1_000) }), 1);
    const before = held();
    const waiting: Socket[] = [];
    for (let opened = 0; opened < 15; opened += 1) {
      const socket = await dial();
      waiting.push(socket);
      await new Promise((resolve) => {
        socket.write(chunked + bytes, resolve);
      });
    }
    await new Promise(setImmediate);
    expect(await speak(get('/healthz'))).toContain('200 OK');
    // A buffer object each would be 170 kB of every body.
    expect((held() - before) / waiting.length).toBeLessThan(100_000);
    const heard = waiting.map(hear);
    for (const socket of waiting) socket.write('0\r\n\r\n');
    for (const one of await Promise.all(heard)) expect(one).toContain('{"length":1000}');
  });

  it('a long body may come in many chunks, but not in as many as it has bytes', async () => {
    const body = JSON.stringify({ text: 'x'.repeat(12_000) });
    expect(await speak(`${chunked}${chunks(body, 12)}0\r\n\r\n`)).toContain('{"length":12000}');
    expect(await speak(`${chunked}${chunks(body, 1)}`)).toMatch(/ 400 [^]*too many chunks/);
  });

  it.each([
    ['two lengths', 'Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello'],
    ['a length and chunks', 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['chunks that are not the last coding', 'Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n'],
    ['a length with a sign', 'Content-Length: +5\r\n\r\nhello'],
    ['a name with a space behind it', 'Content-Length : 5\r\n\r\nhello'],
    ['a folded line', 'X: a\r\n b\r\nContent-Length: 0\r\n\r\n'],
    ['a NUL', 'X: a\0b\r\n\r\n'],
    ['a chunk without a size', 'Transfer-Encoding: chunked\r\n\r\nxyz\r\n'],
  ])(
    'a request that can be read in two ways (%s) is refused, and what follows it is not served',
    async (_, rest) => {
      const heard = await speak(
        `POST /sized HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${rest}${get('/healthz')}`,
      );
      expect(heard.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 400']);
    },
  );

  it('older, newer and unusual manners of HTTP are answered or refused, and no more', async () => {
    expect(await speak('GET /healthz HTTP/1.0\r\n\r\n')).toContain('200 OK');
    expect((await speak('GET /healthz\r\n\r\n')).match(/HTTP\/1\.1 \d+/g)).toHaveLength(1);
    expect(await speak('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')).toContain('400 Bad Request');
    expect(await speak('GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n')).toContain('400 Bad Request');
    const close = 'Host: x\r\nConnection: close\r\n';
    expect(await speak(`GET /healthz HTTP/1.1\r\n${close}Expect: miracles\r\n\r\n`)).toContain('417');
    const body = JSON.stringify({ text: 'hello' });
    const head = `POST /sized HTTP/1.1\r\n${close}Content-Type: application/json\r\nExpect: 100-continue\r\n`;
    const heard = await speak(`${head}Content-Length: ${String(body.length)}\r\n\r\n${body}`);
    expect(heard.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 100', 'HTTP/1.1 200']);
    const headers = (count: number): string =>
      Array.from({ length: count }, (_, index) => `a${String(index % 10)}:\r\n`).join('');
    expect(await speak(`GET /healthz HTTP/1.1\r\n${close}${headers(90)}\r\n`)).toContain('200 OK');
    expect(await speak(`GET /healthz HTTP/1.1\r\n${close}${headers(3_000)}\r\n`)).toContain('431');
  });

  it('a wish for another protocol is passed over, except to the tunnel', async () => {
    const wish = (path: string, protocol: string): string =>
      `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: ${protocol}\r\n\r\n`;
    expect(await speak(wish('/healthz', 'h2c'))).toContain('200 OK');
    expect(await speak(wish('/elsewhere', 'websocket'))).toContain('"route_unknown"');
    expect(await speak(wish('/tunnel', 'h2c'))).toContain('"route_unknown"');
    expect(await speak(wish('/tunnel?x=1', 'WebSocket'))).toContain('101 Switching');
  });

  it('whoever hangs up its half is answered, and the connection ends', async () => {
    const socket = await dial();
    socket.end('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(await hear(socket)).toContain('200 OK');
    await eventuallyTrue('gone', async () => (await metric('edgeflow_connections_waiting')) === 0);
  });

  if (kind === 'TLS') {
    it('nobody negotiates its TLS anew', async () => {
      const options = { host: '127.0.0.1', port: listeners.https.port, ca: certificates.caPem };
      const socket: TLSSocket = connectTls({ ...options, maxVersion: 'TLSv1.2' });
      sockets.push(socket);
      await once(socket, 'secureConnect');
      const refused = new Promise((resolve) => {
        socket.on('error', resolve).on('close', resolve);
        socket.renegotiate({}, resolve);
      });
      expect(await refused).toBeInstanceOf(Error);
      expect(await speak(get('/healthz'))).toContain('200 OK');
    });
  }
});

import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import { problemFor, problemMediaType } from '@edgeflow/contract';
import { afterEach, describe, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { makeCertificate } from './testing/certificates.ts';
import { closeAll, keep } from './testing/cleanup.ts';
import { startHttp, startHttps, startTcp } from './testing/servers.ts';
import { outwait, transportTo } from './testing/transports.ts';
import type { CloudTransport, TunnelSocket } from './transport.ts';

afterEach(closeAll);

interface Heard {
  readonly events: string[];
  readonly opened: Promise<void>;
  readonly closed: Promise<{ code: number; reason: string; failure?: { code: string; message: string } }>;
  readonly socket: TunnelSocket;
}

function openTunnel(transport: CloudTransport): Heard {
  const opened = Promise.withResolvers<undefined>();
  const closed = Promise.withResolvers<Awaited<Heard['closed']>>();
  const events: string[] = [];
  const socket = transport.openTunnel({
    onOpen: () => {
      events.push('open');
      opened.resolve(undefined);
    },
    onText: (text) => events.push(`text ${text}`),
    onClose: (close) => {
      events.push('close');
      closed.resolve(close);
    },
  });
  return { events, opened: opened.promise, closed: closed.promise, socket };
}

interface TunnelServer {
  readonly url: string;
  /** The next socket that opens. */
  next(): Promise<WebSocket>;
}

async function startTunnelServer(): Promise<TunnelServer> {
  const running = keep(await startHttp((_request, response) => response.writeHead(404).end()));
  const sockets = new WebSocketServer({ server: running.server, path: '/tunnel' });
  return {
    url: `http://127.0.0.1:${String(running.port)}`,
    next: async () => ((await once(sockets, 'connection')) as [WebSocket])[0],
  };
}

describe('a tunnel', () => {
  it('carries text both ways and closes with the code and reason it is given', async () => {
    const server = await startTunnelServer();
    const connection = server.next();
    const tunnel = openTunnel(transportTo(server.url));
    await tunnel.opened;
    const peer = await connection;
    const received = once(peer, 'message') as Promise<[Buffer, boolean]>;
    tunnel.socket.send('{"type":"ping"}');
    const [data, isBinary] = await received;
    expect([data.toString(), isBinary]).toEqual(['{"type":"ping"}', false]);
    peer.send('{"type":"pong","timestamp":"ü"}');
    const peerClosed = once(peer, 'close') as Promise<[number, Buffer]>;
    peer.once('pong', () => {
      tunnel.socket.close(1000, 'going to sleep');
    });
    peer.ping();
    const [code, reason] = await peerClosed;
    expect([code, reason.toString()]).toEqual([1000, 'going to sleep']);
    expect(await tunnel.closed).toEqual({ code: 1000, reason: 'going to sleep' });
    expect(tunnel.events).toEqual(['open', 'text {"type":"pong","timestamp":"ü"}', 'close']);
  });

  it('goes over TLS to a cloud that is pinned', async () => {
    const authority = await makeCertificate({ name: 'CA', isAuthority: true });
    const leaf = await makeCertificate({ name: 'cloud', issuer: authority });
    const running = keep(await startHttps([leaf, authority]));
    const sockets = new WebSocketServer({ server: running.server, path: '/tunnel' });
    const connection = once(sockets, 'connection');
    const url = `https://127.0.0.1:${String(running.port)}`;
    const tunnel = openTunnel(transportTo(url, { trust: { pins: [authority.pin] } }));
    await tunnel.opened;
    await connection;
    tunnel.socket.terminate();
    expect(await tunnel.closed).toEqual({ code: 1006, reason: '' });
    const wrong = openTunnel(
      transportTo(url, { trust: { pins: [(await makeCertificate({ name: 'x' })).pin] } }),
    );
    expect((await wrong.closed).failure?.code).toBe('tls_pin_mismatch');
    expect(wrong.events).toEqual(['close']);
  });

  it('offers no compression', async () => {
    const server = await startTunnelServer();
    const connection = server.next();
    openTunnel(transportTo(server.url));
    expect((await connection).extensions).toBe('');
  });

  it('passes on the code and reason with which the cloud closes', async () => {
    const server = await startTunnelServer();
    const connection = server.next();
    const tunnel = openTunnel(transportTo(server.url));
    (await connection).close(4429, '30');
    expect(await tunnel.closed).toEqual({ code: 4429, reason: '30' });
  });

  it('is closed with 4400 by a binary frame', async () => {
    const server = await startTunnelServer();
    const connection = server.next();
    const tunnel = openTunnel(transportTo(server.url));
    const peer = await connection;
    peer.send(Buffer.from('{"type":"pong"}'));
    const [code] = (await once(peer, 'close')) as [number];
    expect(code).toBe(4400);
    expect((await tunnel.closed).code).toBe(4400);
    expect(tunnel.events).toEqual(['open', 'close']);
  });

  it('is closed with 1009 by a frame that is too large', async () => {
    const server = await startTunnelServer();
    const connection = server.next();
    const tunnel = openTunnel(transportTo(server.url));
    const peer = await connection;
    peer.send('x'.repeat(64 * 1024 + 1));
    const [code] = (await once(peer, 'close')) as [number];
    expect(code).toBe(1009);
    expect((await tunnel.closed).failure?.code).toBe('answer_malformed');
  });

  it('is closed by text that is not UTF-8', async () => {
    const server = await startTunnelServer();
    const connection = server.next();
    const tunnel = openTunnel(transportTo(server.url));
    (await connection).send(Buffer.from([0xff, 0xfe]), { binary: false });
    expect((await tunnel.closed).failure?.code).toBe('answer_malformed');
  });

  it('that breaks without a close frame says so', async () => {
    const server = await startTunnelServer();
    const connection = server.next();
    const tunnel = openTunnel(transportTo(server.url));
    (await connection).terminate();
    expect(await tunnel.closed).toMatchObject({ code: 1006, failure: { code: 'tunnel_closed' } });
  });

  it('drops what is sent before it opens and after it closed', async () => {
    const server = await startTunnelServer();
    const connection = server.next();
    const tunnel = openTunnel(transportTo(server.url));
    tunnel.socket.send('too early');
    const peer = await connection;
    const messages: string[] = [];
    peer.on('message', (data: Buffer) => messages.push(data.toString()));
    await tunnel.opened;
    tunnel.socket.send('in time');
    tunnel.socket.close(1000, '€'.repeat(100));
    tunnel.socket.send('too late');
    await once(peer, 'close');
    expect(messages).toEqual(['in time']);
    expect((await tunnel.closed).reason).toBe('€'.repeat(41));
    tunnel.socket.terminate();
    expect(tunnel.events).toEqual(['open', 'close']);
  });

  it.each(['close', 'terminate'] as const)(
    'that is given up by %s before it opens ends without a failure',
    async (how) => {
      const silent = keep(await startTcp(() => undefined));
      const tunnel = openTunnel(transportTo(`http://127.0.0.1:${String(silent.port)}`));
      await once(silent.server, 'connection');
      if (how === 'close') tunnel.socket.close(1000, 'never mind');
      else tunnel.socket.terminate();
      expect(await tunnel.closed).toEqual({ code: 1006, reason: '' });
      expect(tunnel.events).toEqual(['close']);
    },
  );

  it('that is given up at once never connects', async () => {
    const server = await startTunnelServer();
    const tunnel = openTunnel(transportTo(server.url));
    tunnel.socket.terminate();
    expect(await tunnel.closed).toEqual({ code: 1006, reason: '' });
  });
});

describe('a tunnel that is refused', () => {
  async function refusedBy(handler: RequestListener): Promise<Awaited<Heard['closed']>> {
    const running = keep(await startHttp(handler));
    // Node hands an upgrade to the ordinary handler as long as nobody listens for it.
    const tunnel = openTunnel(transportTo(`http://127.0.0.1:${String(running.port)}`));
    const close = await tunnel.closed;
    expect(tunnel.events).toEqual(['close']);
    expect(close.code).toBe(1006);
    return close;
  }

  it('with a page is not the cloud’s', async () => {
    const { failure } = await refusedBy((_request, response) => {
      response.writeHead(403, { 'content-type': 'text/html' }).end('<h1>Blocked</h1>');
    });
    expect(failure?.code).toBe('not_the_cloud');
    expect(failure?.message).toMatch(/answered 403 with text\/html/);
  });

  it('with the cloud’s own problem carries its code', async () => {
    const problem = problemFor('too_many_attempts', 'req_1');
    const { failure } = await refusedBy((_request, response) => {
      response.writeHead(problem.status, { 'content-type': problemMediaType }).end(JSON.stringify(problem));
    });
    expect(failure?.code).toBe('too_many_attempts');
  });

  it('by a redirect does not follow it', async () => {
    const { failure } = await refusedBy((_request, response) => {
      response.writeHead(301, { location: 'https://elsewhere.example/tunnel' }).end();
    });
    expect(failure).toMatchObject({ code: 'not_the_cloud' });
    expect(failure?.message).toContain('points to elsewhere.example');
  });

  it('with an answer that never ends is still over', async () => {
    const { failure } = await refusedBy((_request, response) => {
      response.writeHead(403).write('x'.repeat(70_000));
    });
    expect(failure?.code).toBe('answer_malformed');
  });

  it.each([
    [
      'a wrong accept value',
      'HTTP/1.1 101 Go\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: x\r\n\r\n',
    ],
    ['no HTTP at all', '220 mail.example ESMTP\r\n'],
  ])('with %s is not the cloud’s', async (_name, bytes) => {
    const odd = keep(await startTcp((socket: Socket) => socket.once('data', () => socket.write(bytes))));
    const tunnel = openTunnel(transportTo(`http://127.0.0.1:${String(odd.port)}`));
    expect((await tunnel.closed).failure?.code).toBe('not_the_cloud');
  });

  it('by silence is given up in time', async () => {
    const received = Promise.withResolvers<undefined>();
    const silent = keep(
      await startTcp((socket) =>
        socket.once('data', () => {
          received.resolve(undefined);
        }),
      ),
    );
    const url = `http://127.0.0.1:${String(silent.port)}`;
    const outcome = await outwait(received.promise, (time) => openTunnel(transportTo(url, { time })).closed);
    const message = expect.stringContaining('did not open the tunnel within 15 seconds') as string;
    expect(outcome).toMatchObject({ value: { code: 1006, failure: { code: 'cloud_unreachable', message } } });
  });
});

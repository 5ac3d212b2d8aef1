import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener, type Server as HttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import {
  type AddressInfo,
  connect,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from 'node:net';
import type { TestCertificate } from './certificates.ts';

/** A server on a free port. `close` also breaks what is still connected. */
export interface Running<S extends Server = Server> {
  readonly server: S;
  readonly port: number;
  close(): Promise<void>;
}

export async function listen<S extends Server>(server: S, host = '127.0.0.1'): Promise<Running<S>> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  });
  server.listen(0, host);
  await once(server, 'listening');
  return {
    server,
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** HTTPS that presents `chain` (leaf first) with the leaf's key. */
export function startHttps(
  chain: readonly TestCertificate[],
  handler: RequestListener = answerTime,
): Promise<Running<HttpServer>> {
  const server = createHttpsServer(tlsOf(chain), handler);
  server.on('tlsClientError', () => undefined);
  return listen(server);
}

function tlsOf(chain: readonly TestCertificate[]): { cert: string; key: string } {
  const cert = chain.map(({ certificatePem }) => certificatePem).join('\n');
  return { cert, key: chain[0]?.keyPem ?? '' };
}

export function startHttp(handler: RequestListener): Promise<Running<HttpServer>> {
  return listen(createHttpServer(handler));
}

/** A server of no protocol: it does what it likes with each connection. */
export function startTcp(onConnection: (socket: Socket) => void): Promise<Running> {
  return listen(createTcpServer(onConnection));
}

export const answerTime: RequestListener = (_request, response) => {
  response.setHeader('content-type', 'application/json; charset=utf-8');
  response.end(JSON.stringify({ time: '2026-02-21T12:00:00Z' }));
};

/** What a proxy was asked, in order. */
export interface ProxyLog {
  readonly target: string;
  readonly authorization: string | undefined;
}

export interface TestProxyOptions {
  /** `user:password` that it insists on. */
  readonly credentials?: string;
  /** Refuses every target with this status. */
  readonly refuseWith?: number;
  /** Where it connects to, whatever it is asked for: it alone knows the names of the outside. */
  readonly targetPort: () => number;
  /** Speaks TLS itself, with this chain, leaf first. */
  readonly chain?: readonly TestCertificate[];
}

/** A real CONNECT proxy. */
export async function startProxy(
  options: TestProxyOptions,
): Promise<Running & { readonly asked: ProxyLog[] }> {
  const asked: ProxyLog[] = [];
  const refuseRequests: RequestListener = (_request, response) => response.writeHead(400).end();
  const { chain } = options;
  const server =
    chain === undefined ? createHttpServer(refuseRequests) : createHttpsServer(tlsOf(chain), refuseRequests);
  server.on('connect', (request, client: Socket) => {
    const authorization = request.headers['proxy-authorization'];
    asked.push({ target: request.url ?? '', authorization });
    const wanted = options.credentials;
    const isAllowed =
      wanted === undefined || authorization === `Basic ${Buffer.from(wanted).toString('base64')}`;
    const status = isAllowed ? options.refuseWith : 407;
    if (status !== undefined) {
      client.end(`HTTP/1.1 ${String(status)} Refused\r\ncontent-type: text/html\r\n\r\n<h1>no</h1>`);
      return;
    }
    const upstream = connect(options.targetPort(), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      client.pipe(upstream).pipe(client);
    });
    upstream.on('error', () => client.destroy());
    client.on('error', () => upstream.destroy()).on('close', () => upstream.destroy());
  });
  return { ...(await listen(server)), asked };
}

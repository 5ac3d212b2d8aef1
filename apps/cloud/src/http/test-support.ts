import { once } from 'node:events';
import { type IncomingHttpHeaders, type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { systemClock, systemRandom } from '@edgeflow/platform';
import type { FastifyInstance } from 'fastify';
import { Registry } from 'prom-client';
import { createLogger, type LogLevel } from '../logging.ts';
import type { Principal } from './access.ts';
import { clientAddresses } from './client-address.ts';
import { parseNetworks } from './addresses.ts';
import { ProblemError } from './problems.ts';
import { buildHttp, type HttpOptions } from './server.ts';

export const ownerToken = 'owner-token-of-the-test';
export const viewerToken = 'viewer-token-of-the-test';

export interface TestHttp {
  readonly app: FastifyInstance;
  readonly lines: string[];
  readonly registry: Registry;
  /** The port of a real listener on 127.0.0.1, once {@link listen} was called. */
  listen(): Promise<number>;
}

/** The real application with real effects, whose operators are two tokens and whose log is a list. */
export async function makeHttp(
  options: Partial<Omit<HttpOptions, 'addresses' | 'logger' | 'trustedProxies'>> & {
    readonly trustedProxies?: string;
    readonly level?: LogLevel;
  } = {},
): Promise<TestHttp> {
  const lines: string[] = [];
  const registry = new Registry();
  const networks = parseNetworks(options.trustedProxies ?? '');
  if (!networks.ok) throw new Error(networks.problem);
  const logger = createLogger({
    level: options.level ?? 'debug',
    pretty: false,
    destination: { write: (line) => void lines.push(line) },
  });
  const app = await buildHttp({
    version: '1.2.3',
    authenticator: { authenticateOperator: ({ credential }) => principalOf(credential) },
    clock: systemClock,
    random: systemRandom,
    logger,
    registry,
    health: () => ({ status: 'ok' }),
    readiness: () => ({ status: 'ok' }),
    caPem: () => undefined,
    ...options,
    addresses: clientAddresses(networks.networks, logger),
    trustedProxies: networks.networks,
  });
  return {
    app,
    lines,
    registry,
    listen: async () => {
      await app.listen({ host: '127.0.0.1', port: 0 });
      return (app.server.address() as AddressInfo).port;
    },
  };
}

function principalOf(credential: string): Principal {
  const role = credential === ownerToken ? 'owner' : credential === viewerToken ? 'viewer' : undefined;
  if (role === undefined) throw new ProblemError('token_rejected');
  return { kind: 'operator', id: `tok_${role}`, organizationId: 'org_1', role, label: role };
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body as JSON; undefined when it is none. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests assert on its members
  readonly json: any;
}

/** One request over a real socket. */
export async function call(
  port: number,
  method: string,
  path: string,
  options: { readonly headers?: OutgoingHttpHeaders; readonly body?: string | Buffer | object } = {},
): Promise<Answer> {
  const { body, headers = {} } = options;
  const raw =
    body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  const sent = request({
    host: '127.0.0.1',
    port,
    method,
    path,
    agent: false,
    headers: { ...(raw === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
  });
  sent.end(raw);
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  return { status: answer.statusCode ?? 0, headers: answer.headers, text, json: asJson(text) };
}

/** Writes bytes that are not quite HTTP, and gives all that comes back until the server closes. */
export async function speak(port: number, bytes: string): Promise<string> {
  const socket = await open(port);
  socket.write(bytes);
  let heard = '';
  for await (const chunk of socket) heard += String(chunk);
  return heard;
}

export async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

import { once } from 'node:events';
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import {
  type ErrorCode,
  errorEntry,
  type FieldProblem,
  type Operation,
  type OperationName,
  operations,
  problemFor,
  problemMediaType,
} from '@edgeflow/contract';
import type * as z from 'zod';
import { TinyRegistry } from './tiny-registry.ts';
import { TinyStream } from './tiny-stream.ts';

export const tinyToken = 'edgeflow_a-token-of-thirty-two-characters-or-more';

/** Answers in the place of the registry, for what a healthy cloud does not do. */
export type Override = (request: IncomingMessage, response: ServerResponse) => boolean;

/**
 * A real HTTP server with the contract's operations in memory: small enough to see through, and held to the contract
 * on both sides. A request or an answer that breaks a schema is a 400 or a 500, and fails the test that caused it.
 */
export class TinyCloud {
  readonly registry = new TinyRegistry();
  readonly stream = new TinyStream();
  /** Method and path of every request, in order. */
  readonly requests: string[] = [];
  override: Override = () => false;
  #server: Server;
  #scheme: 'http' | 'https';

  private constructor(server: Server, scheme: 'http' | 'https') {
    this.#server = server;
    this.#scheme = scheme;
  }

  /** Listens on a free port of 127.0.0.1, with TLS when given a certificate. */
  static async start(tls?: { readonly cert: string; readonly key: string }): Promise<TinyCloud> {
    const listener: RequestListener = (request, response) => void cloud.#answer(request, response);
    const server = tls === undefined ? createHttpServer(listener) : createHttpsServer(tls, listener);
    const cloud = new TinyCloud(server, tls === undefined ? 'http' : 'https');
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return cloud;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `${this.#scheme}://127.0.0.1:${this.port}`;
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests.push(`${request.method ?? ''} ${request.url ?? ''}`);
    if (this.override(request, response)) return;
    try {
      await this.#route(request, response);
    } catch (error) {
      sendProblem(response, 'internal', error instanceof Error ? error.message : String(error));
    }
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url);
    if (url.pathname === '/api/v1/openapi.json') {
      sendJson(response, 200, { openapi: '3.1.0', info: { title: 'EdgeFlow' } });
      return;
    }
    const found = findOperation(request.method, url.pathname);
    if (found === undefined) sendProblem(response, 'route_unknown');
    else if (request.headers.authorization !== `Bearer ${tinyToken}`) sendProblem(response, 'token_rejected');
    else if (found.name === 'streamEvents') this.stream.attach(response, request.headers['last-event-id']);
    else this.#call(found, url.searchParams, await text(request), response);
  }

  #call(found: Found, parameters: URLSearchParams, body: string, response: ServerResponse): void {
    const operation: Operation = operations[found.name];
    const query = checked(operation.query, Object.fromEntries(parameters));
    const document = checked(operation.body, body === '' ? undefined : JSON.parse(body));
    const errors = [...query.errors, ...document.errors];
    if (errors.length > 0) {
      sendProblem(response, 'request_malformed', undefined, errors);
      return;
    }
    const reply = this.registry.answer(found.name, { id: found.id, query: query.data, body: document.data });
    if (typeof reply === 'string') sendProblem(response, reply);
    else sendChecked(response, operation, reply);
  }
}

interface Found {
  readonly name: OperationName;
  readonly id: string;
}

interface Checked {
  readonly data: Readonly<Record<string, unknown>>;
  readonly errors: readonly FieldProblem[];
}

/** The value as the schema makes it; nothing where the operation takes none. */
function checked(schema: z.ZodType | undefined, value: unknown): Checked {
  if (schema === undefined) return { data: {}, errors: [] };
  const { data, error } = schema.safeParse(value);
  const errors = (error?.issues ?? []).map(({ path, message }) => ({ field: path.join('.'), message }));
  return { data: (data ?? {}) as Checked['data'], errors };
}

function findOperation(method: string | undefined, path: string): Found | undefined {
  for (const name of Object.keys(operations) as OperationName[]) {
    const operation = operations[name];
    const pattern = new RegExp(`^${operation.path.replace(':id', '([^/]+)')}$`);
    const match = operation.method === method ? pattern.exec(path) : null;
    if (match !== null) return { name, id: decodeURIComponent(match[1] ?? '') };
  }
  return undefined;
}

function sendChecked(
  response: ServerResponse,
  operation: Operation,
  { status, body }: { status: number; body: unknown },
): void {
  const schema = operation.answers[status];
  if (schema === null) {
    response.writeHead(status).end();
    return;
  }
  if (schema === undefined || typeof schema === 'string')
    throw new Error(`${status} is no answer of ${operation.path}`);
  // What the contract does not know passes: a newer cloud may say more.
  schema.parse(body);
  sendJson(response, status, body);
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
}

export function sendProblem(
  response: ServerResponse,
  code: ErrorCode,
  detail?: string,
  errors?: readonly FieldProblem[],
): void {
  const { status, retryable } = errorEntry(code);
  response
    .writeHead(status, { 'content-type': problemMediaType, ...(retryable ? { 'retry-after': '7' } : {}) })
    .end(JSON.stringify(problemFor(code, 'req_tiny', detail, errors)));
}

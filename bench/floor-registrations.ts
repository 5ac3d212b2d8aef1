/**
 * The floor of registrations: a bare `node:http` in front of the rows that a registration writes, one fsync a batch.
 * Started by the bench with the database's path, and a certificate and its key for HTTPS.
 */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type FloorRegistration, FloorRegistry } from './floors/registry.ts';
import { announce } from './floors/announce.ts';

interface Waiting {
  readonly registration: FloorRegistration;
  readonly response: ServerResponse;
}

const [database = '', certificate = '', key = ''] = process.argv.slice(2);
const registry = await FloorRegistry.open(database);
let waiting: Waiting[] = [];

/** Everything that waits at the moment shares one commit. */
function commit(): void {
  const batch = waiting;
  waiting = [];
  const answers = registry.redeem(batch.map(({ registration }) => registration));
  batch.forEach(({ response }, index) => {
    const answer = answers[index];
    send(response, answer === undefined ? 401 : 201, answer ?? '{}');
  });
}

function send(response: ServerResponse, status: number, body: string): void {
  const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
  response.writeHead(status, headers).end(body);
}

function register(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const registration = JSON.parse(Buffer.concat(chunks).toString('utf8')) as FloorRegistration;
    waiting.push({ registration, response });
    if (waiting.length === 1) setImmediate(commit);
  });
}

const listener: RequestListener = (request, response) => {
  if (request.method === 'POST') {
    register(request, response);
    return;
  }
  const count = Number(/^\/codes\/(\d+)$/.exec(request.url ?? '')?.[1]);
  const answer = Number.isNaN(count) ? registry.countDevices() : registry.makeCodes(count);
  send(response, 200, JSON.stringify(answer));
};

const secure = { cert: readFileSync(certificate), key: readFileSync(key) };
await announce(createServer(listener), createSecureServer(secure, listener));

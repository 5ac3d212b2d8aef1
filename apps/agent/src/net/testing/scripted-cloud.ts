import type { RequestListener } from 'node:http';
import { type ErrorCode, problemFor, problemMediaType } from '@edgeflow/contract';
import { toRfc3339 } from '@edgeflow/platform';
import { WebSocketServer } from 'ws';
import type { TestCertificate } from './certificates.ts';
import { keep } from './cleanup.ts';
import { startHttps } from './servers.ts';

export interface CloudScript {
  readonly chain: readonly TestCertificate[];
  /** What a registration is refused with; it is granted when left out. */
  readonly refuses?: ErrorCode;
  /** How a tunnel is closed instead of being connected. */
  readonly closesWith?: { readonly code: number; readonly error: ErrorCode };
  /** The cloud's clock, epoch ms. */
  readonly now?: () => number;
  /** Answers everything instead, the tunnel too. */
  readonly handler?: RequestListener;
}

export interface ScriptedCloud {
  readonly url: string;
  readonly port: number;
  /** `POST /path` and so on, in order. */
  readonly asked: string[];
}

/** A cloud of a few sentences on a real TLS socket: what it says is its script, how it says it is the wire contract. */
export async function startScriptedCloud(script: CloudScript): Promise<ScriptedCloud> {
  const now = script.now ?? Date.now;
  const asked: string[] = [];
  const refuse = (code: ErrorCode): { status: number; type: string; body: string } => {
    const document = problemFor(code, 'req_1');
    return { status: document.status, type: problemMediaType, body: JSON.stringify(document) };
  };
  const json = (status: number, body: object) => ({
    status,
    type: 'application/json',
    body: JSON.stringify(body),
  });
  const answerTo = (path: string): { status: number; type: string; body: string } => {
    if (path === '/api/v1/time') return json(200, { time: toRfc3339(now()) });
    if (path !== '/api/v1/devices/provision') return refuse('route_unknown');
    if (script.refuses !== undefined) return refuse(script.refuses);
    const expires_at = toRfc3339(now() + 365 * 24 * 3_600_000);
    return json(201, { device_id: 'dev_1', api_key: `efk_${'k'.repeat(49)}`, expires_at });
  };
  const running = keep(
    await startHttps(script.chain, (request, response) => {
      asked.push(`${request.method ?? ''} ${request.url ?? ''}`);
      if (script.handler !== undefined) {
        script.handler(request, response);
        return;
      }
      const { status, type, body } = answerTo(request.url ?? '');
      response.writeHead(status, { 'content-type': type, date: new Date(now()).toUTCString() }).end(body);
    }),
  );
  if (script.handler === undefined)
    serveTunnel(new WebSocketServer({ server: running.server, path: '/tunnel' }), script, now);
  return { url: `https://127.0.0.1:${String(running.port)}`, port: running.port, asked };
}

function serveTunnel(server: WebSocketServer, { closesWith }: CloudScript, now: () => number): void {
  server.on('connection', (socket) => {
    socket.on('message', (data: Buffer) => {
      const frame = JSON.parse(data.toString('utf8')) as { type: string; device_id?: string };
      const timestamp = toRfc3339(now());
      if (frame.type === 'ping') socket.send(JSON.stringify({ type: 'pong', timestamp }));
      if (frame.type !== 'connect') return;
      if (closesWith === undefined) {
        socket.send(JSON.stringify({ type: 'connected', device_id: frame.device_id, timestamp }));
        return;
      }
      socket.send(JSON.stringify({ type: 'error', error: `${closesWith.error}: no` }));
      socket.close(closesWith.code, closesWith.error);
    });
  });
}

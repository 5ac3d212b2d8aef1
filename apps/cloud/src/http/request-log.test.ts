import { afterEach, expect, it } from 'vitest';
import { operations } from '@edgeflow/contract';
import { answer } from './answer.ts';
import { route } from './route.ts';
import type { HttpOptions } from './server.ts';
import { call, makeHttp, ownerToken, type TestHttp } from './test-support.ts';
import type { LogLevel } from '../logging.ts';

let http: TestHttp;

afterEach(async () => {
  await http.app.close();
});

/** Sends one request to a call that answers and one to a call that waits; gives the lines that they left. */
async function linesAt(
  level: LogLevel,
  options: Pick<HttpOptions, 'slowRequestMs'> = {},
): Promise<unknown[]> {
  http = await makeHttp({ level, ...options });
  route(http.app, operations.deleteDevice, () => ({ status: 204 as const }));
  route(http.app, operations.streamEvents, () => answer(200, 'data: x\n\n'), { waits: true });
  const port = await http.listen();
  const headers = { 'x-api-key': ownerToken, 'x-request-id': 'request-1' };
  await call(port, 'DELETE', '/api/v1/devices/dev_1?token=t0ps3cret', { headers });
  await call(port, 'GET', '/api/v1/events', { headers });
  await call(port, 'GET', '/t0ps3cret', { headers });
  expect(http.lines.join('')).not.toContain('t0ps3cret');
  expect(http.lines.join('')).not.toContain(ownerToken);
  return http.lines.map((line): unknown => JSON.parse(line));
}

it('a request that went well leaves no line', async () => {
  expect(await linesAt('info')).toEqual([]);
});

it('at level debug every request leaves one, with its pattern and not its address', async () => {
  const req = { id: 'request-1', address: '127.0.0.1' };
  expect(await linesAt('debug')).toMatchObject([
    { level: 'debug', status: 204, req: { ...req, method: 'DELETE', route: '/api/v1/devices/:id' } },
    { level: 'debug', status: 200, req: { ...req, method: 'GET', route: '/api/v1/events' } },
    { level: 'debug', status: 404, req: { ...req, method: 'GET', route: 'unmatched' } },
  ]);
});

it('a slow one leaves a warning, unless it waits by its nature', async () => {
  expect(await linesAt('info', { slowRequestMs: 0 })).toMatchObject([
    { level: 'warn', msg: 'slow', req: { route: '/api/v1/devices/:id' } },
  ]);
});

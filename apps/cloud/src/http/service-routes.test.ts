import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { operations } from '@edgeflow/contract';
import { SimulatedTime } from '@edgeflow/platform/simulated';
import { route } from './route.ts';
import type { Health } from './service-routes.ts';
import { call, makeHttp, type TestHttp, viewerToken } from './test-support.ts';

let http: TestHttp;
let port: number;
let health: Health;
let caPem: string | undefined;

async function start(trustedProxies = ''): Promise<void> {
  http = await makeHttp({
    clock: new SimulatedTime(Date.parse('2026-02-21T12:00:00Z')),
    health: () => health,
    readiness: async () => health,
    caPem: () => caPem,
    trustedProxies,
  });
  route(http.app, operations.deleteDevice, () => ({ status: 204 as const }));
  port = await http.listen();
}

beforeEach(async () => {
  health = { status: 'ok' };
  caPem = undefined;
  await start();
});

afterEach(async () => {
  await http.app.close();
});

it('tells the time, to the second', async () => {
  expect((await call(port, 'GET', '/api/v1/time')).json).toEqual({ time: '2026-02-21T12:00:00Z' });
});

describe('the probes', () => {
  it.each([
    ['starting', 200, 503],
    ['ok', 200, 200],
    ['failing', 503, 503],
    ['stopping', 200, 503],
  ] as const)('while %s answer %i for health and %i for readiness', async (status, healthz, readyz) => {
    health = { status, checks: { database: status === 'failing' ? 'failing' : 'ok' } };
    const answers = [await call(port, 'GET', '/healthz'), await call(port, 'GET', '/readyz')];
    expect(answers.map((got) => got.status)).toEqual([healthz, readyz]);
    for (const got of answers) {
      expect(got.json).toEqual(health);
      expect(got.headers['retry-after']).toBe(got.status === 503 ? '2' : undefined);
    }
  });
});

describe('the development CA', () => {
  it('is served where there is one', async () => {
    expect(await call(port, 'GET', '/ca.pem')).toMatchObject({ status: 404 });
    caPem = '-----BEGIN CERTIFICATE-----\n';
    const got = await call(port, 'GET', '/ca.pem');
    expect(got).toMatchObject({ status: 200, text: caPem });
    expect(got.headers['content-type']).toContain('application/x-pem-file');
  });
});

describe('the metrics', () => {
  it('count requests by the pattern of their route, never by what was asked for', async () => {
    await call(port, 'DELETE', '/api/v1/devices/dev_secret', { headers: { 'x-api-key': 'wrong' } });
    await call(port, 'GET', '/no/such/path');
    const { status, text } = await call(port, 'GET', '/metrics');
    expect(status).toBe(200);
    const counts = text
      .split('\n')
      .filter((line) => line.startsWith('edgeflow_http_request_duration_seconds_count'));
    expect(counts.map((line) => line.slice(line.indexOf('{')))).toEqual(
      expect.arrayContaining([
        '{method="DELETE",route="/api/v1/devices/:id",status="4xx"} 1',
        '{method="any",route="unmatched",status="4xx"} 1',
      ]),
    );
    expect(text).not.toContain('dev_secret');
  });

  it('are open to this machine alone, and not through a proxy on it', async () => {
    const read = async (headers: Record<string, string> = {}): Promise<number> =>
      (await call(port, 'GET', '/metrics', { headers })).status;
    expect(await read()).toBe(200);
    for (const mark of ['x-forwarded-for', 'x-forwarded-host', 'forwarded', 'via', 'x-real-ip']) {
      expect(await read({ [mark]: '127.0.0.1' })).toBe(401);
      expect(await read({ [mark]: '127.0.0.1', 'x-api-key': viewerToken })).toBe(200);
    }
    await http.app.close();
    await start('127.0.0.1');
    expect(await read()).toBe(401);
  });
});

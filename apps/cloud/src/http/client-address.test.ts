import { afterEach, describe, expect, it } from 'vitest';
import { operations } from '@edgeflow/contract';
import { ProblemError } from './problems.ts';
import { route } from './route.ts';
import { call, makeHttp, ownerToken, type TestHttp } from './test-support.ts';

let http: TestHttp;

afterEach(async () => {
  await http.app.close();
});

/** Asks over a real socket, from 127.0.0.1, who the server takes the client for. */
async function seenAs(trustedProxies: string, headers: Record<string, string | string[]>): Promise<string> {
  http = await makeHttp({ trustedProxies });
  route(http.app, operations.revokeDevice, ({ address }) => {
    throw new ProblemError('device_not_found', { detail: address });
  });
  const port = await http.listen();
  const got = await call(port, 'POST', '/api/v1/devices/dev_1/revoke', {
    headers: { 'x-api-key': ownerToken, ...headers },
  });
  return got.json.detail;
}

describe('the client’s address', () => {
  it('is that of the peer, whatever a stranger claims', async () => {
    expect(await seenAs('', { 'x-forwarded-for': '198.51.100.1' })).toBe('127.0.0.1');
  });

  it.each([
    ['198.51.100.1', '198.51.100.1'],
    // What stands further left was written by the client.
    ['192.0.2.66, 198.51.100.1', '198.51.100.1'],
    ['198.51.100.1, 10.0.0.9', '198.51.100.1'],
    ['192.0.2.66, 198.51.100.1, 10.0.0.9, 10.0.0.8', '198.51.100.1'],
    ['10.0.0.9', '10.0.0.9'],
    ['198.51.100.1:4711', '198.51.100.1'],
    ['[2001:db8::1]:4711', '2001:db8::1'],
    ['2001:DB8:0:0::1', '2001:db8::1'],
    ['::ffff:198.51.100.1', '198.51.100.1'],
    ['198.51.100.1, unknown', '127.0.0.1'],
    ['198.51.100.1, unknown, 10.0.0.9', '10.0.0.9'],
    ['', '127.0.0.1'],
  ])('behind a trusted proxy that sends "%s" is %s', async (forwarded, address) => {
    expect(await seenAs('127.0.0.1, 10.0.0.0/8', { 'x-forwarded-for': forwarded })).toBe(address);
  });

  it('is found in several headers as in one', async () => {
    const headers = { 'x-forwarded-for': ['192.0.2.66', '198.51.100.1'] };
    expect(await seenAs('127.0.0.1', headers)).toBe('198.51.100.1');
  });

  it('is claimed in vain, and the log names who does it once', async () => {
    await seenAs('', { 'x-forwarded-for': '198.51.100.1' });
    const { port } = http.app.server.address() as { port: number };
    for (let i = 0; i < 3; i += 1) {
      await call(port, 'GET', '/nowhere', { headers: { 'x-forwarded-for': '198.51.100.1' } });
    }
    const warnings = http.lines.filter((line) => line.includes('TRUSTED_PROXIES'));
    expect(warnings).toHaveLength(1);
    expect(JSON.parse(warnings[0] ?? '')).toMatchObject({ level: 'warn', address: '127.0.0.1' });
  });
});

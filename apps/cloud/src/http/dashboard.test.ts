import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { systemFiles } from '@edgeflow/platform';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, makeHttp, type TestHttp } from './test-support.ts';

const html = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
const script = `console.log(1);\n${'// filling\n'.repeat(200)}`;

describe('the dashboard', () => {
  const folder = mkdtempSync(join(tmpdir(), 'edgeflow-dashboard-'));
  let http: TestHttp;
  let port: number;

  beforeAll(async () => {
    mkdirSync(join(folder, 'assets'));
    http = await makeHttp({ dashboard: { folder, files: systemFiles } });
    port = await http.listen();
  });

  afterAll(async () => {
    await http.app.close();
    rmSync(folder, { recursive: true });
  });

  it('that is not built says which command builds it, and appears once it is, without a restart', async () => {
    const missing = await call(port, 'GET', '/', { headers: html });
    expect(missing.status).toBe(503);
    expect(missing.text).toContain('npm run build -w @edgeflow/dashboard');
    writeFileSync(join(folder, 'index.html'), '<meta name="csp-nonce" content="%CSP_NONCE%">');
    writeFileSync(join(folder, 'assets/index-abc.js'), script);
    writeFileSync(join(folder, 'assets/index-abc.js.br'), brotliCompressSync(script));
    expect((await call(port, 'GET', '/', { headers: html })).status).toBe(200);
  });

  it('answers every address that nothing else answers, under a policy with the nonce of this answer', async () => {
    const nonces = new Set<string>();
    for (const path of ['/', '/devices/dev_1?tab=shadow', '/setup', '/add']) {
      const page = await call(port, 'GET', path, { headers: html });
      expect([page.status, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
      const nonce = /content="([0-9a-f]+)"/.exec(page.text)?.[1] ?? '';
      expect(page.headers['content-security-policy']).toContain(`style-src 'self' 'nonce-${nonce}'`);
      expect(page.headers['permissions-policy']).toContain('camera=()');
      nonces.add(nonce);
    }
    expect(nonces.size).toBe(4);
  });

  it('is no answer to a program: what is not there stays a problem', async () => {
    for (const [path, headers] of [
      ['/api/v1/nothing', html],
      ['/nothing', { accept: 'application/json' }],
      ['/nothing', {}],
      ['/assets/nothing.js', html],
    ] as const) {
      const got = await call(port, 'GET', path, { headers });
      expect([path, got.status, got.json?.code]).toEqual([path, 404, 'route_unknown']);
    }
    const post = await call(port, 'POST', '/nothing', { headers: html });
    expect([post.status, post.json?.code]).toEqual([404, 'route_unknown']);
    const wrong = await call(port, 'GET', '/api/v1/devices/dev_1/revoke', { headers: html });
    expect([wrong.status, wrong.json?.code]).toEqual([404, 'route_unknown']);
  });

  it('sends its assets compressed and for ever', async () => {
    const plain = await call(port, 'GET', '/assets/index-abc.js');
    expect([plain.status, plain.text]).toEqual([200, script]);
    expect(plain.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    const small = await call(port, 'GET', '/assets/index-abc.js', {
      headers: { 'accept-encoding': 'gzip, br' },
    });
    expect(small.headers['content-encoding']).toBe('br');
    expect(Number(small.headers['content-length'])).toBeLessThan(script.length / 4);
  });

  it('leaves the answers of the API as they are', async () => {
    const time = await call(port, 'GET', '/api/v1/time', { headers: html });
    expect(time.status).toBe(200);
    expect(time.headers['content-security-policy']).toBeUndefined();
  });
});

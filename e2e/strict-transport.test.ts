import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkServerIdentity } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CloudOptions, type CloudProcess, startCloud } from './support/cloud-process.ts';
import { givenCertificate } from './support/nodes.ts';

const name = 'strict-transport-security';

describe('a browser that opens the dashboard', () => {
  let folder: string;
  let cloud: CloudProcess | undefined;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'edgeflow-strict-'));
  });
  afterEach(async () => {
    await cloud?.stop();
    cloud = undefined;
    rmSync(folder, { recursive: true, force: true });
  });

  async function start(options: Omit<CloudOptions, 'folder'>) {
    const running = (cloud = await startCloud({ folder, ...options }));
    return async (host: string, path = '/devices') => {
      const accept = path.startsWith('/api/') ? 'application/json' : 'text/html';
      const asked = get(new URL(path, running.url), {
        ...{ ca: readFileSync(running.caFile), agent: false, headers: { accept, host } },
        checkServerIdentity: (_, certificate) => checkServerIdentity('127.0.0.1', certificate),
      });
      const [answer] = (await once(asked, 'response')) as [IncomingMessage];
      answer.resume();
      return answer.headers[name];
    };
  }

  it('is told to come by HTTPS alone where the operator has given the certificate', async () => {
    const said = await start(await givenCertificate(folder));
    expect(await said('cloud.example')).toBe('max-age=15552000');
    expect(await said('localhost:8443')).toBeUndefined();
    expect(await said('cloud.example', '/api/v1/time')).toBeUndefined();
    const plain = await fetch(new URL('/devices', cloud?.plainUrl), { headers: { accept: 'text/html' } });
    expect([plain.headers.get('content-security-policy'), plain.headers.get(name)]).toEqual([
      expect.stringContaining("default-src 'none'"),
      null,
    ]);
  });

  it('is not told so under the certificate that the cloud made for itself', async () => {
    const said = await start({});
    expect(await said('cloud.example')).toBeUndefined();
  });

  it('is not told so by a cloud behind a trusted proxy, which speaks for its own name', async () => {
    const { environment, issuer } = await givenCertificate(folder);
    const said = await start({ environment: { ...environment, TRUSTED_PROXIES: '127.0.0.1' }, issuer });
    expect(await said('cloud.example')).toBeUndefined();
  });
});

import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeCertificate, type TestCertificate } from './testing/certificates.ts';
import { closeAll, keep } from './testing/cleanup.ts';
import { clockAt1970, type DeviceClock, rightClock } from './testing/clocks.ts';
import { startHttps, startProxy } from './testing/servers.ts';
import { get, proxyAt, transportTo } from './testing/transports.ts';

const publicRoots = getCACertificates('default');
let root: TestCertificate;

beforeAll(async () => {
  root = await makeCertificate({ name: 'public root', isAuthority: true, validUntilHours: 100 });
});
beforeEach(() => {
  setDefaultCACertificates([root.certificatePem]);
});
afterEach(closeAll);
afterAll(() => {
  setDefaultCACertificates(publicRoots);
});

/** A request through a proxy that presents `proxyLeaf`, to a cloud that is trusted by its pin. */
async function talk(proxyLeaf: TestCertificate, clock: DeviceClock = rightClock) {
  const authority = await makeCertificate({ name: 'CA', isAuthority: true, ...clock.validity });
  const leaf = await makeCertificate({
    name: 'cloud',
    issuer: authority,
    hosts: ['cloud.test'],
    ...clock.validity,
  });
  const cloud = keep(await startHttps([leaf, authority]));
  const proxy = keep(
    await startProxy({ targetPort: () => cloud.port, credentials: 'user:pass', chain: [proxyLeaf] }),
  );
  const transport = transportTo('https://cloud.test:8443', {
    trust: { pins: [authority.pin] },
    proxy: proxyAt(proxy.port, 'user:pass@', '', 'https'),
    time: clock.time,
    knowledge: clock.knowledge,
  });
  const outcome = await get(transport).then(
    ({ status }) => ({ status }),
    (error: unknown) => error,
  );
  return { outcome, asked: proxy.asked };
}

describe('a proxy that speaks TLS', () => {
  it('is given credentials and connects to the cloud, with TLS inside TLS', async () => {
    const { outcome, asked } = await talk(await makeCertificate({ name: 'proxy', issuer: root }));
    expect(outcome).toMatchObject({ status: 200 });
    expect(asked[0]?.target).toBe('cloud.test:8443');
  });

  it('is given nothing while its certificate is not trusted, and the message says what would make it so', async () => {
    const { outcome, asked } = await talk(await makeCertificate({ name: 'proxy' }));
    expect(outcome).toMatchObject({
      code: 'proxy_refused',
      message: expect.stringContaining('NODE_EXTRA_CA_CERTS') as string,
    });
    expect(JSON.stringify(outcome)).not.toContain('pass');
    expect(asked).toEqual([]);
  });

  it('is given nothing when its certificate is for another name', async () => {
    const other = await makeCertificate({ name: 'proxy', issuer: root, hosts: ['other.test'] });
    const { outcome, asked } = await talk(other);
    expect(outcome).toMatchObject({ code: 'proxy_refused' });
    expect(asked).toEqual([]);
  });

  it('is trusted by a device without a clock as the cloud is', async () => {
    const { validity } = clockAt1970;
    const proxyLeaf = await makeCertificate({ name: 'proxy', issuer: root, ...validity });
    expect((await talk(proxyLeaf, clockAt1970)).outcome).toMatchObject({ status: 200 });
  });
});

import { X509Certificate } from 'node:crypto';
import { createServer as createTlsServer, getCACertificates, setDefaultCACertificates } from 'node:tls';
import { systemClock } from '@edgeflow/platform';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { makeCertificate, type TestCertificate } from './testing/certificates.ts';
import { vouchWithoutClock } from './clockless-trust.ts';
import { onlyReleaseKnown } from './plausible-time.ts';
import { closeAll, keep } from './testing/cleanup.ts';
import { clockAt1970, clockAt2099, type DeviceClock, rightClock } from './testing/clocks.ts';
import { badScenes, goodScenes, maker, stage } from './testing/scenes.ts';
import { listen } from './testing/servers.ts';
import { get, transportTo } from './testing/transports.ts';
import type { TlsTrust } from './tls-trust.ts';

const publicRoots = getCACertificates('default');

afterEach(closeAll);
afterAll(() => {
  setDefaultCACertificates(publicRoots);
});

interface Talk {
  /** The status of the answer, or the code of the failure. */
  readonly outcome: string;
  readonly message: string;
  /** Bytes that the server could decrypt: anything but 0 was written to it by the agent. */
  readonly bytesHeard: number;
}

/** One request to a server that presents `chain`. */
async function talk(
  clock: DeviceClock,
  chain: readonly TestCertificate[],
  trust: TlsTrust,
  host = 'cloud.test',
): Promise<Talk> {
  let bytesHeard = 0;
  const [leaf] = chain;
  const server = createTlsServer(
    {
      cert: chain.map(({ certificatePem }) => certificatePem).join('\n'),
      key: leaf?.keyPem ?? '',
      // Weak certificates are presented, too.
      ciphers: 'DEFAULT:@SECLEVEL=0',
    },
    (socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (data: Buffer) => {
        bytesHeard += data.length;
        socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}');
      });
    },
  );
  server.on('tlsClientError', () => undefined);
  const running = keep(await listen(server));
  const transport = transportTo(`https://${host}:${String(running.port)}`, {
    trust,
    time: clock.time,
    knowledge: clock.knowledge,
    resolve: () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]),
  });
  try {
    const { status } = await get(transport);
    return { outcome: String(status), message: '', bytesHeard };
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    return { outcome: code, message, bytesHeard };
  }
}

/** The day its image was made: after the release of the program, and before the certificates of today. */
const staleClock: DeviceClock = {
  ...clockAt1970,
  name: 'has not been set since its image was made',
  time: { ...clockAt1970.time, clock: systemClock },
  knowledge: { ...clockAt1970.knowledge, clockState: () => Promise.resolve('free') },
};

const clocks = [rightClock, clockAt1970, clockAt2099, staleClock];

describe.each(clocks)('a device whose clock $name', (clock) => {
  const make = maker(clock);

  it.each(Object.keys(goodScenes))('trusts %s', async (name) => {
    const { chain, root } = await stage(goodScenes, name, clock);
    const answer = await talk(clock, chain, { caPem: root.certificatePem, pins: [] });
    expect(answer).toMatchObject({ outcome: '200', message: '' });
    const pinned = await talk(clock, [...chain, root], { pins: [root.pin] });
    expect(pinned).toMatchObject({ outcome: '200', message: '' });
    setDefaultCACertificates([root.certificatePem]);
    expect(await talk(clock, chain, { pins: [] })).toMatchObject({ outcome: '200', message: '' });
  });

  it.each(Object.keys(badScenes))('refuses %s, and writes nothing', async (name) => {
    const { chain, root } = await stage(badScenes, name, clock);
    setDefaultCACertificates([root.certificatePem]);
    const [leaf] = chain;
    const trusts: TlsTrust[] = [
      { caPem: root.certificatePem, pins: [] },
      { caPem: root.certificatePem, pins: [root.pin, leaf?.pin ?? ''] },
      { pins: [root.pin] },
      { pins: [] },
    ];
    for (const trust of trusts) {
      const answer = await talk(clock, [...chain, ...(trust.caPem === undefined ? [root] : [])], trust);
      expect(answer, JSON.stringify(trust)).toMatchObject({
        outcome: expect.stringMatching(/^tls_|^not_the_cloud$/) as string,
        bytesHeard: 0,
      });
    }
  });

  it('refuses a pin that does not fit, although the chain is trusted', async () => {
    const root = await make.authority('root');
    const other = await make.authority('root');
    const trust = { caPem: root.certificatePem, pins: [other.pin] };
    const answer = await talk(clock, [await make.server(root), other], trust);
    expect(answer).toMatchObject({ outcome: 'tls_pin_mismatch', bytesHeard: 0 });
  });

  it('trusts a pinned server that signs itself, and no other name of it', async () => {
    const leaf = await makeCertificate({ name: 'cloud', hosts: ['cloud.test'], ...clock.validity });
    expect(await talk(clock, [leaf], { pins: [leaf.pin] })).toMatchObject({ outcome: '200' });
    const elsewhere = await talk(clock, [leaf], { pins: [leaf.pin] }, 'other.test');
    expect(elsewhere).toMatchObject({ outcome: 'tls_name_mismatch', bytesHeard: 0 });
  });
});

describe('a clock that may well be right', () => {
  const early = clockAt1970.validity;
  const late = clockAt2099.validity;

  it.each([
    ['has expired', rightClock, late],
    ['is not valid yet', rightClock, early],
    [
      'is not valid yet, by a clock that the network has set',
      {
        ...staleClock,
        knowledge: { ...staleClock.knowledge, clockState: () => Promise.resolve('synchronized' as const) },
      },
      early,
    ],
  ] as const)('is believed when it says that a certificate %s', async (_name, clock, validity) => {
    const root = await makeCertificate({ name: 'root', isAuthority: true });
    const leaf = await makeCertificate({ name: 'cloud', hosts: ['cloud.test'], issuer: root, ...validity });
    for (const trust of [{ caPem: root.certificatePem, pins: [] }, { pins: [leaf.pin] }]) {
      const answer = await talk(clock, [leaf, root], trust);
      expect(answer).toMatchObject({ outcome: 'tls_expired', bytesHeard: 0 });
    }
  });
});

describe('a clock that was turned back', () => {
  const later = Date.now() + 24 * 3_600_000;
  it.each([
    ['the program was released', onlyReleaseKnown(later)],
    ['a cloud told the time', { ...onlyReleaseKnown(Date.now() - 24 * 3_600_000), floorMs: later }],
  ])('brings no certificate to life that had expired before %s', async (_name, knowledge) => {
    const root = await makeCertificate({ name: 'root', isAuthority: true, validUntilHours: 100 });
    const leaf = await makeCertificate({
      name: 'cloud',
      hosts: ['cloud.test'],
      issuer: root,
      ...rightClock.validity,
    });
    // By the clock of OpenSSL all is well.
    const clock = { ...rightClock, knowledge };
    const answer = await talk(clock, [leaf], { caPem: root.certificatePem, pins: [] });
    expect(answer).toMatchObject({ outcome: 'tls_expired', bytesHeard: 0 });
    expect(answer.message).toContain('by now it is at least');
  });
});

describe('an agent without the part that judges without a clock', () => {
  const load = () => Promise.reject(new Error('not installed'));

  async function vouch(pinned: (leaf: TestCertificate, root: TestCertificate) => TlsTrust): Promise<unknown> {
    const { authority, server } = maker(clockAt1970);
    const root = await authority('root');
    const leaf = await server(root);
    const shown = new X509Certificate(leaf.certificatePem);
    return vouchWithoutClock({
      host: 'cloud.test',
      trust: pinned(leaf, root),
      presented: [shown, new X509Certificate(root.certificatePem)],
      peer: shown.toLegacyObject(),
      times: { earliestMs: clockAt1970.knowledge.floorMs, latestMs: Date.now() + 100 * 3_600_000 },
      nowMs: 0,
      load,
    }).catch((error: unknown) => error);
  }

  it('says that such a device needs a pin', async () => {
    const error = await vouch((_leaf, root) => ({ caPem: root.certificatePem, pins: [] }));
    const message = expect.stringContaining('EDGEFLOW_SAAS_TLS_PIN') as string;
    expect(error).toMatchObject({ code: 'tls_expired', message });
  });

  it('trusts the pin of the cloud’s own key, and not one that a path would have to lead to', async () => {
    expect(await vouch((leaf) => ({ pins: [leaf.pin] }))).toBeTypeOf('number');
    expect(await vouch((_leaf, root) => ({ pins: [root.pin] }))).toMatchObject({ code: 'tls_expired' });
  });
});

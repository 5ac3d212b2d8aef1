import { createServer as createTlsServer, getCACertificates, setDefaultCACertificates } from 'node:tls';
import { GeneralName, GeneralSubtree, NameConstraints } from 'pkijs';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import {
  type CertificateRequest,
  ExtendedKeyUsage,
  Extension,
  KeyUsageFlags,
  makeCertificate,
  type TestCertificate,
  withAlteredSignature,
} from './testing/certificates.ts';
import { closeAll, keep } from './testing/cleanup.ts';
import { clockAt1970, clockAt2099, type DeviceClock, rightClock } from './testing/clocks.ts';
import { listen } from './testing/servers.ts';
import { get, transportTo } from './testing/transports.ts';
import type { TlsTrust } from './verified-tls.ts';

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

/** Certificates that are valid where the clock's story plays. */
function maker(clock: DeviceClock) {
  const authority = (name: string, issuer?: TestCertificate, over: Partial<CertificateRequest> = {}) =>
    makeCertificate({ name, isAuthority: true, ...clock.validity, ...(issuer && { issuer }), ...over });
  const server = (issuer: TestCertificate, over: Partial<CertificateRequest> = {}) =>
    makeCertificate({ name: 'cloud', hosts: ['cloud.test'], issuer, ...clock.validity, ...over });
  return { authority, server };
}

function constraints(permitted: readonly string[], excluded: readonly string[] = []) {
  const subtree = (value: string) => new GeneralSubtree({ base: new GeneralName({ type: 2, value }) });
  const document = new NameConstraints({
    ...(permitted.length > 0 ? { permittedSubtrees: permitted.map(subtree) } : {}),
    ...(excluded.length > 0 ? { excludedSubtrees: excluded.map(subtree) } : {}),
  });
  return new Extension('2.5.29.30', true, document.toSchema().toBER());
}

interface Scene {
  readonly chain: readonly TestCertificate[];
  /** Of the CA file. */
  readonly root: TestCertificate;
}

type Make = ReturnType<typeof maker>;
type Stage = (make: Make, clock: DeviceClock) => Promise<Scene>;

const good: Readonly<Record<string, Stage>> = {
  'a server below its root': async ({ authority, server }) => {
    const root = await authority('root');
    return { chain: [await server(root)], root };
  },
  'a server below two authorities, presented in disorder beside a stranger': async ({ authority, server }) => {
    const root = await authority('root', undefined, { rsaBits: 2048 });
    const middle = await authority('middle', root, { pathLength: 1, hash: 'SHA-384' });
    const low = await authority('low', middle, { pathLength: 0, purposes: [ExtendedKeyUsage.serverAuth] });
    const leaf = await server(low, { keyUsage: KeyUsageFlags.digitalSignature });
    return { chain: [leaf, await authority('stranger'), root, middle, low], root };
  },
  'a server whose name its authority may vouch for': async ({ authority, server }) => {
    const root = await authority('root', undefined, { extensions: [constraints(['test'], ['other.test'])] });
    return { chain: [await server(root)], root };
  },
};

const bad: Readonly<Record<string, Stage>> = {
  'a root that is not trusted': async ({ authority, server }) => {
    const evil = await authority('root');
    return { chain: [await server(evil), evil], root: await authority('root') };
  },
  'a root that is not trusted, with a certificate that had expired anyway': async ({ authority, server }, clock) => {
    const evil = await authority('root');
    return { chain: [await server(evil, clock.expired), evil], root: await authority('root') };
  },
  'the certificate of another host': async ({ authority, server }) => {
    const root = await authority('root');
    return { chain: [await server(root, { hosts: ['other.test'] })], root };
  },
  'the certificate of another host that had expired anyway': async ({ authority, server }, clock) => {
    const root = await authority('root');
    return { chain: [await server(root, { hosts: ['other.test'], ...clock.expired })], root };
  },
  'a certificate that expired before the program was released': async ({ authority, server }, clock) => {
    const root = await authority('root');
    return { chain: [await server(root, clock.expired)], root };
  },
  'an authority in the middle that expired before the program was released': async ({ authority, server }, clock) => {
    const root = await authority('root');
    const middle = await authority('middle', root, clock.expired);
    return { chain: [await server(middle), middle], root };
  },
  'a root that expired before the program was released': async ({ authority, server }, clock) => {
    const root = await authority('root', undefined, clock.expired);
    return { chain: [await server(root)], root };
  },
  'a certificate that signs itself': async ({ authority }, clock) => ({
    chain: [await makeCertificate({ name: 'cloud', hosts: ['cloud.test'], ...clock.validity })],
    root: await authority('root'),
  }),
  'an authority that is left out': async ({ authority, server }) => {
    const root = await authority('root');
    const middle = await authority('middle', root);
    return { chain: [await server(middle)], root };
  },
  'a certificate for clients': async ({ authority, server }) => {
    const root = await authority('root');
    return { chain: [await server(root, { purposes: [ExtendedKeyUsage.clientAuth] })], root };
  },
  'a certificate whose key may only sign certificates': async ({ authority, server }) => {
    const root = await authority('root');
    return { chain: [await server(root, { keyUsage: KeyUsageFlags.cRLSign })], root };
  },
  'an authority for mail': async ({ authority, server }) => {
    const root = await authority('root');
    const middle = await authority('middle', root, { purposes: [ExtendedKeyUsage.emailProtection] });
    return { chain: [await server(middle), middle], root };
  },
  'an authority in the middle that is none': async ({ authority, server }) => {
    const root = await authority('root');
    const middle = await server(root, { name: 'middle', keyUsage: KeyUsageFlags.digitalSignature });
    return { chain: [await server(middle), middle], root };
  },
  'a server’s certificate used as an authority': async ({ authority, server }) => {
    const root = await authority('root');
    const other = await server(root, { name: 'other', hosts: ['other.test'] });
    return { chain: [await server(other), other], root };
  },
  'an authority that may not sign certificates': async ({ authority, server }) => {
    const root = await authority('root');
    const middle = await authority('middle', root, { keyUsage: KeyUsageFlags.cRLSign });
    return { chain: [await server(middle), middle], root };
  },
  'more authorities than the root allows': async ({ authority, server }) => {
    const root = await authority('root', undefined, { pathLength: 0 });
    const middle = await authority('middle', root);
    return { chain: [await server(middle), middle], root };
  },
  'more authorities than the one in the middle allows': async ({ authority, server }) => {
    const root = await authority('root');
    const middle = await authority('middle', root, { pathLength: 0 });
    const low = await authority('low', middle);
    return { chain: [await server(low), low, middle], root };
  },
  'a name that the root may not vouch for': async ({ authority, server }) => {
    const root = await authority('root', undefined, { extensions: [constraints(['example'])] });
    return { chain: [await server(root)], root };
  },
  'a name that is excluded in the middle': async ({ authority, server }) => {
    const root = await authority('root');
    const middle = await authority('middle', root, { extensions: [constraints([], ['cloud.test'])] });
    return { chain: [await server(middle), middle], root };
  },
  'a permitted name beside the one that is wanted': async ({ authority, server }) => {
    const root = await authority('root');
    const middle = await authority('middle', root, { extensions: [constraints(['good.test'])] });
    return { chain: [await server(middle, { hosts: ['good.test', 'cloud.test'] }), middle], root };
  },
  'a signature with SHA-1': async ({ authority, server }) => {
    const root = await authority('root');
    const middle = await authority('middle', root);
    return { chain: [await server(middle, { hash: 'SHA-1' }), middle], root };
  },
  'an authority with a key of 1024 bits': async ({ authority, server }) => {
    const root = await authority('root');
    const middle = await authority('middle', root, { rsaBits: 1024 });
    return { chain: [await server(middle), middle], root };
  },
  'an authority with a key of 512 bits': async ({ authority, server }) => {
    const root = await authority('root');
    const middle = await authority('middle', root, { rsaBits: 512 });
    return { chain: [await server(middle), middle], root };
  },
  'a server with a key of 1024 bits': async ({ authority, server }) => {
    const root = await authority('root');
    return { chain: [await server(root, { rsaBits: 1024 })], root };
  },
  'an altered signature': async ({ authority, server }) => {
    const root = await authority('root');
    return { chain: [await withAlteredSignature(await server(root))], root };
  },
  'an altered signature in the middle': async ({ authority, server }) => {
    const root = await authority('root');
    const middle = await authority('middle', root);
    return { chain: [await server(middle), await withAlteredSignature(middle)], root };
  },
  'a critical extension that nobody knows': async ({ authority, server }) => {
    const root = await authority('root');
    const unknown = new Extension('1.3.6.1.4.1.55555.1', true, Uint8Array.of(5, 0));
    return { chain: [await server(root, { extensions: [unknown] })], root };
  },
  'an authority with a critical extension that nobody knows': async ({ authority, server }) => {
    const root = await authority('root');
    const unknown = new Extension('1.3.6.1.4.1.55555.1', true, Uint8Array.of(5, 0));
    const middle = await authority('middle', root, { extensions: [unknown] });
    return { chain: [await server(middle), middle], root };
  },
};

const clocks = [rightClock, clockAt1970, clockAt2099];

describe.each(clocks)('a device whose clock $name', (clock) => {
  const make = maker(clock);

  it.each(Object.keys(good))('trusts %s', async (name) => {
    const { chain, root } = await stage(good, name, make, clock);
    const answer = await talk(clock, chain, { caPem: root.certificatePem, pins: [] });
    expect(answer).toMatchObject({ outcome: '200', message: '' });
    const pinned = await talk(clock, [...chain, root], { pins: [root.pin] });
    expect(pinned).toMatchObject({ outcome: '200', message: '' });
    setDefaultCACertificates([root.certificatePem]);
    expect(await talk(clock, chain, { pins: [] })).toMatchObject({ outcome: '200', message: '' });
  });

  it.each(Object.keys(bad))('refuses %s, and writes nothing', async (name) => {
    const { chain, root } = await stage(bad, name, make, clock);
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
      console.log(clock.name, '|', name, '|', answer.outcome, answer.message);
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

async function stage(
  stages: Readonly<Record<string, Stage>>,
  name: string,
  make: Make,
  clock: DeviceClock,
): Promise<Scene> {
  const found = stages[name];
  if (found === undefined) throw new Error(name);
  return found(make, clock);
}

import { GeneralName, GeneralSubtree, NameConstraints } from 'pkijs';
import {
  type CertificateRequest,
  ExtendedKeyUsage,
  Extension,
  KeyUsageFlags,
  makeCertificate,
  type TestCertificate,
  withAlteredSignature,
  withUnreadableEnd,
} from './certificates.ts';
import type { DeviceClock } from './clocks.ts';

/** Certificates that are valid where the clock's story plays. */
export function maker(clock: DeviceClock) {
  const authority = (name: string, issuer?: TestCertificate, over: Partial<CertificateRequest> = {}) =>
    makeCertificate({ name, isAuthority: true, ...clock.validity, ...(issuer && { issuer }), ...over });
  const server = (issuer: TestCertificate, over: Partial<CertificateRequest> = {}) =>
    makeCertificate({ name: 'cloud', hosts: ['cloud.test'], issuer, ...clock.validity, ...over });
  return { authority, server };
}

/** Name constraints, for DNS names (GeneralName 2) unless told otherwise. */
export function constraints(permitted: readonly string[], excluded: readonly string[] = [], type: 2 | 6 = 2) {
  const subtree = (value: string) => new GeneralSubtree({ base: new GeneralName({ type, value }) });
  const document = new NameConstraints({
    ...(permitted.length > 0 ? { permittedSubtrees: permitted.map(subtree) } : {}),
    ...(excluded.length > 0 ? { excludedSubtrees: excluded.map(subtree) } : {}),
  });
  return new Extension('2.5.29.30', true, document.toSchema().toBER());
}

/** What a server that calls itself cloud.test presents, and which root the device trusts. */
export interface Scene {
  readonly chain: readonly TestCertificate[];
  /** Of the CA file. */
  readonly root: TestCertificate;
}

type Maker = ReturnType<typeof maker>;
type Stage = (make: Maker, clock: DeviceClock) => Promise<Scene>;

export const goodScenes: Readonly<Record<string, Stage>> = {
  'a server below its root': async ({ authority, server }) => {
    const root = await authority('root');
    return { chain: [await server(root)], root };
  },
  'a server below two authorities, presented in disorder beside a stranger': async ({
    authority,
    server,
  }) => {
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

/** Each is to be refused. */
export const badScenes: Readonly<Record<string, Stage>> = {
  'a root that is not trusted': async ({ authority, server }) => {
    const evil = await authority('root');
    return { chain: [await server(evil), evil], root: await authority('root') };
  },
  'a root that is not trusted, with a certificate that had expired anyway': async (
    { authority, server },
    clock,
  ) => {
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
  'an authority in the middle that expired before the program was released': async (
    { authority, server },
    clock,
  ) => {
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
  'a date that cannot be read': async ({ authority, server }) => {
    const root = await authority('root');
    return { chain: [await withUnreadableEnd(await server(root))], root };
  },
  'an authority with a date that cannot be read': async ({ authority, server }) => {
    const root = await authority('root');
    const middle = await authority('middle', root);
    return { chain: [await server(middle), await withUnreadableEnd(middle)], root };
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

export function stage(
  scenes: Readonly<Record<string, Stage>>,
  name: string,
  clock: DeviceClock,
): Promise<Scene> {
  const found = scenes[name];
  if (found === undefined) throw new Error(`there is no scene "${name}"`);
  return found(maker(clock), clock);
}

import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { certificatesIn } from './certification-path.ts';
import { type PathVerdict, validatePath } from './path-validation.ts';
import type { PlausibleTimes } from './plausible-time.ts';
import { ExtendedKeyUsage, makeCertificate, type TestCertificate } from './testing/certificates.ts';
import { clockAt1970 } from './testing/clocks.ts';
import { badScenes, constraints, goodScenes, maker, stage } from './testing/scenes.ts';

const clock = clockAt1970;
const { authority, server } = maker(clock);
const hourMs = 3_600_000;
const times: PlausibleTimes = {
  earliestMs: clock.knowledge.floorMs,
  latestMs: clock.knowledge.floorMs + 1000 * hourMs,
};

function judge(
  chain: readonly TestCertificate[],
  root: TestCertificate,
  over: { readonly times?: PlausibleTimes; readonly host?: string } = {},
): Promise<PathVerdict> {
  const presented = chain.map(({ certificatePem }) => new X509Certificate(certificatePem));
  const anchors = certificatesIn(root.certificatePem);
  return validatePath({ presented, anchors, host: 'cloud.test', times, ...over });
}

/** `kind`, or `bad: why`. */
function told(verdict: PathVerdict): string {
  return verdict.kind === 'bad' ? `bad: ${verdict.why}` : verdict.kind;
}

/** Where OpenSSL itself has another word than a date, a handshake does not come this far; the rules hold all the same. */
const reasons: Readonly<Record<string, string>> = {
  'a root that is not trusted': 'no_path',
  'a date that cannot be read': 'no_path',
  'an authority with a date that cannot be read': 'no_path',
  'a root that is not trusted, with a certificate that had expired anyway': 'no_path',
  'the certificate of another host': 'good',
  'the certificate of another host that had expired anyway': 'out_of_date',
  'a certificate that expired before the program was released': 'out_of_date',
  'an authority in the middle that expired before the program was released': 'out_of_date',
  'a root that expired before the program was released': 'out_of_date',
  'a certificate that signs itself': 'no_path',
  'an authority that is left out': 'no_path',
  'a certificate for clients': 'extended key usage',
  'a certificate whose key may only sign certificates': 'not for servers (key usage)',
  'an authority for mail': 'extended key usage',
  'an authority in the middle that is none': 'no_path',
  'a server’s certificate used as an authority': 'no_path',
  'an authority that may not sign certificates': 'no_path',
  'more authorities than the root allows': 'path length',
  'more authorities than the one in the middle allows': 'path length',
  'a name that the root may not vouch for': 'name constraints',
  'a name that is excluded in the middle': 'name constraints',
  'a permitted name beside the one that is wanted': 'name constraints',
  'a signature with SHA-1': 'not accepted',
  'an authority with a key of 1024 bits': 'too weak',
  'an authority with a key of 512 bits': 'too weak',
  'a server with a key of 1024 bits': 'too weak',
  'an altered signature': 'no_path',
  'an altered signature in the middle': 'no_path',
  'a critical extension that nobody knows': 'critical extension',
  'an authority with a critical extension that nobody knows': 'critical extension',
};

describe('a path that is judged without a clock', () => {
  it.each(Object.keys(goodScenes))('is good for %s', async (name) => {
    const { chain, root } = await stage(goodScenes, name, clock);
    expect(await judge(chain, root)).toMatchObject({ kind: 'good' });
  });

  it.each(Object.keys(badScenes))('is judged for its own reason with %s', async (name) => {
    const { chain, root } = await stage(badScenes, name, clock);
    // The name of the host is compared elsewhere, so that scene is good here.
    expect(told(await judge(chain, root))).toContain(reasons[name]);
  });
});

describe('the time that a path is judged for', () => {
  it('is the earliest at which all of it is valid', async () => {
    const root = await authority('root', undefined, { validFromHours: -20, validUntilHours: 90 });
    const middle = await authority('middle', root, { validFromHours: 7, validUntilHours: 60 });
    const leaf = await server(middle, { validFromHours: 3, validUntilHours: 9 });
    const atMs = new X509Certificate(middle.certificatePem).validFromDate.getTime();
    expect(await judge([leaf, middle], root)).toMatchObject({ kind: 'good', atMs });
  });

  it('does not exist when two certificates of it are never valid together', async () => {
    const root = await authority('root');
    const middle = await authority('middle', root, { validFromHours: 10, validUntilHours: 20 });
    const leaf = await server(middle, { validFromHours: 21, validUntilHours: 30 });
    expect(await judge([leaf, middle], root)).toMatchObject({ kind: 'out_of_date' });
  });

  it('is not years ahead of what is known', async () => {
    const root = await authority('root');
    const leaf = await server(root, { validFromHours: 2000, validUntilHours: 3000 });
    const verdict = await judge([leaf], root);
    expect(verdict).toMatchObject({
      kind: 'out_of_date',
      why: expect.stringContaining('years ahead') as string,
    });
  });
});

describe('name constraints', () => {
  const names = (
    hosts: readonly string[],
    permitted: readonly string[],
    excluded: readonly string[] = [],
  ) => {
    return async (host: string): Promise<string> => {
      const root = await authority('root', undefined, { extensions: [constraints(permitted, excluded)] });
      return told(await judge([await server(root, { hosts })], root, { host }));
    };
  };

  it.each([
    ['cloud.test', ['cloud.test'], ['test'], []],
    ['cloud.test', ['cloud.test'], ['CLOUD.test'], []],
    ['a.cloud.test', ['*.cloud.test'], ['cloud.test'], []],
    ['a.cloud.test', ['a.cloud.test'], ['.cloud.test'], []],
    ['cloud.test', ['cloud.test'], [''], ['other']],
    ['127.0.0.1', ['127.0.0.1'], ['test'], []],
  ])('let %s pass with the names %j within %j and without %j', async (host, hosts, permitted, excluded) => {
    expect(await names(hosts, permitted, excluded)(host)).toBe('good');
  });

  it.each([
    ['cloud.test', ['cloud.test'], ['oud.test'], []],
    ['cloud.test', ['cloud.test'], ['.cloud.test'], []],
    ['cloud.test', ['cloud.test', 'evil.example'], ['test'], []],
    ['a.cloud.test', ['*.cloud.test'], [], ['a.cloud.test']],
    ['cloud.test', ['cloud.test'], ['test'], ['cloud.test']],
  ])('stop %s with the names %j within %j and without %j', async (host, hosts, permitted, excluded) => {
    expect(await names(hosts, permitted, excluded)(host)).toContain('name constraints');
  });

  it('of a kind that is not understood stop a certificate with a name of that kind', async () => {
    const root = await authority('root', undefined, { extensions: [constraints([], ['x.test'], 6)] });
    const leaf = await server(root, { otherNames: ['https://cloud.test/'] });
    expect(told(await judge([leaf], root))).toContain('name constraints');
  });
});

describe('what is looked at', () => {
  it('is bounded, however often a chain branches', async () => {
    const root = await authority('root');
    const levels = [root];
    const all: TestCertificate[] = [];
    for (let level = 0; level < 5; level += 1) {
      const below = levels[level] ?? root;
      const first = await authority(`level ${String(level)}`, below);
      const twins = [first];
      for (let twin = 0; twin < 2; twin += 1) {
        twins.push(await authority(`level ${String(level)}`, below, { keysOf: first }));
      }
      all.push(...twins);
      levels.push(first);
    }
    const leaf = await server(levels[levels.length - 1] ?? root);
    expect(await judge([leaf, ...all], root)).toMatchObject({ kind: 'good' });
    expect(await judge([leaf, ...all], await authority('root'))).toMatchObject({ kind: 'no_path' });
  });

  it('may be a circle of authorities, which leads nowhere', async () => {
    const one = await authority('one');
    const two = await authority('two', one);
    const oneByTwo = await authority('one', two, { keysOf: one });
    const leaf = await server(two);
    expect(await judge([leaf, two, oneByTwo], await authority('root'))).toEqual({ kind: 'no_path' });
  });

  it('may be the pinned certificate of the server alone, with the same rules', async () => {
    const leaf = await makeCertificate({ name: 'cloud', ...clock.validity });
    expect(await judge([leaf], leaf)).toMatchObject({ kind: 'good' });
    const purposes = [ExtendedKeyUsage.clientAuth];
    const client = await makeCertificate({ name: 'cloud', purposes, ...clock.validity });
    expect(told(await judge([client], client))).toContain('extended key usage');
  });
});

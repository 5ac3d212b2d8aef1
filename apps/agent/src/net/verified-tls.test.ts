import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { closeAll, keep } from './testing/cleanup.ts';
import { makeCertificate, type TestCertificate } from './testing/certificates.ts';
import { startHttps, startProxy } from './testing/servers.ts';
import { get, proxyAt, transportTo } from './testing/transports.ts';
import type { TlsTrust } from './tls-trust.ts';

let authority: TestCertificate;
let leaf: TestCertificate;
let otherAuthority: TestCertificate;

beforeAll(async () => {
  authority = await makeCertificate({ name: 'EdgeFlow CA', isAuthority: true });
  otherAuthority = await makeCertificate({ name: 'EdgeFlow CA', isAuthority: true });
  leaf = await makeCertificate({ name: 'cloud', issuer: authority });
});

afterEach(closeAll);

/** The outcome of one request to a server that presents `chain`, and what the server got to read. */
async function talk(
  chain: readonly TestCertificate[],
  trust: TlsTrust,
  host = '127.0.0.1',
): Promise<{ readonly outcome: string; readonly message: string; readonly requestsSeen: number }> {
  let requestsSeen = 0;
  const running = keep(
    await startHttps(chain, (_request, response) => {
      requestsSeen += 1;
      response.end('{}');
    }),
  );
  const transport = transportTo(`https://${host}:${String(running.port)}`, {
    trust,
    resolve: async () => [{ address: '127.0.0.1', family: 4 }],
  });
  try {
    const { status } = await get(transport);
    return { outcome: String(status), message: '', requestsSeen };
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    return { outcome: code, message, requestsSeen };
  }
}

describe('a cloud with a private authority', () => {
  it('is trusted by a CA file', async () => {
    expect(await talk([leaf], { caPem: authority.certificatePem, pins: [] })).toMatchObject({
      outcome: '200',
    });
  });

  it('is not trusted without one, and the message names who issued the certificate', async () => {
    const { outcome, message, requestsSeen } = await talk([leaf, authority], { pins: [] });
    expect(outcome).toBe('tls_untrusted');
    expect(message).toContain('“CN=cloud” was issued by “CN=EdgeFlow CA”');
    expect(requestsSeen).toBe(0);
  });

  it('is not trusted by the CA file of another authority of the same name', async () => {
    const trust = { caPem: otherAuthority.certificatePem, pins: [] };
    expect(await talk([leaf, authority], trust)).toMatchObject({ outcome: 'tls_untrusted', requestsSeen: 0 });
  });

  it('is trusted by the pin of its authority', async () => {
    expect(await talk([leaf, authority], { pins: [authority.pin] })).toMatchObject({ outcome: '200' });
  });

  it('is trusted by the pin of its authority in whatever order and company it presents it', async () => {
    const chain = [leaf, otherAuthority, authority];
    expect(await talk(chain, { pins: [authority.pin] })).toMatchObject({ outcome: '200' });
  });

  it('is trusted by the pin of its leaf', async () => {
    expect(await talk([leaf, authority], { pins: [leaf.pin] })).toMatchObject({ outcome: '200' });
  });

  it('is trusted by the pin of a leaf whose authority it does not present', async () => {
    expect(await talk([leaf], { pins: [leaf.pin] })).toMatchObject({ outcome: '200' });
  });

  it('is trusted by the pin of an authority in the middle', async () => {
    const middle = await makeCertificate({ name: 'middle', isAuthority: true, issuer: authority });
    const below = await makeCertificate({ name: 'cloud', issuer: middle });
    expect(await talk([below, middle], { pins: [middle.pin] })).toMatchObject({ outcome: '200' });
    expect(await talk([below, middle, authority], { pins: [authority.pin] })).toMatchObject({
      outcome: '200',
    });
  });

  it('is trusted when one of several pins fits', async () => {
    const pins = [otherAuthority.pin, authority.pin];
    expect(await talk([leaf, authority], { pins })).toMatchObject({ outcome: '200' });
  });
});

describe('a pin that does not fit', () => {
  it('is reported as a mismatch, and nothing is sent', async () => {
    const answer = await talk([leaf, authority], { pins: [otherAuthority.pin] });
    expect(answer).toMatchObject({ outcome: 'tls_pin_mismatch', requestsSeen: 0 });
    expect(answer.message).toContain('no certificate that it presents');
  });

  it('is reported although the CA file vouches for the chain', async () => {
    const trust = { caPem: authority.certificatePem, pins: [otherAuthority.pin] };
    expect(await talk([leaf, authority], trust)).toMatchObject({
      outcome: 'tls_pin_mismatch',
      requestsSeen: 0,
    });
  });

  it('does not make up for a CA file that does not fit', async () => {
    const trust = { caPem: otherAuthority.certificatePem, pins: [authority.pin] };
    expect(await talk([leaf, authority], trust)).toMatchObject({ outcome: 'tls_untrusted', requestsSeen: 0 });
  });
});

describe('an attacker who presents the pinned authority beside a certificate of his own', () => {
  it('is refused when his certificate is from an authority of the same name', async () => {
    const evil = await makeCertificate({ name: 'cloud', issuer: otherAuthority });
    const answer = await talk([evil, authority], { pins: [authority.pin] });
    expect(answer).toMatchObject({ outcome: 'tls_pin_mismatch', requestsSeen: 0 });
    expect(answer.message).toContain('not issued by the pinned authority');
  });

  it('is refused when his certificate is from an authority that he presents too', async () => {
    const evil = await makeCertificate({ name: 'cloud', issuer: otherAuthority });
    const answer = await talk([evil, otherAuthority, authority], { pins: [authority.pin] });
    expect(answer).toMatchObject({ outcome: 'tls_pin_mismatch', requestsSeen: 0 });
  });

  it('is refused when his certificate signs itself', async () => {
    const evil = await makeCertificate({ name: 'cloud' });
    const answer = await talk([evil, leaf, authority], { pins: [authority.pin, leaf.pin] });
    expect(answer).toMatchObject({ outcome: 'tls_pin_mismatch', requestsSeen: 0 });
  });

  it('is refused when the CA file vouches for him but the pin is only copied into his chain', async () => {
    const evil = await makeCertificate({ name: 'cloud', issuer: otherAuthority });
    const trust = { caPem: otherAuthority.certificatePem, pins: [authority.pin] };
    const answer = await talk([evil, authority], trust);
    expect(answer).toMatchObject({ outcome: 'tls_pin_mismatch', requestsSeen: 0 });
  });

  it('is refused when he signs with the key of a pinned leaf, which is no authority', async () => {
    const evil = await makeCertificate({ name: 'evil', issuer: leaf });
    const answer = await talk([evil, leaf, authority], { pins: [leaf.pin] });
    expect(answer).toMatchObject({ outcome: 'tls_pin_mismatch', requestsSeen: 0 });
  });

  it('is refused by OpenSSL when he has been given an authority below one that may have none', async () => {
    const strict = await makeCertificate({ name: 'strict', isAuthority: true, pathLength: 0 });
    const below = await makeCertificate({ name: 'below', isAuthority: true, issuer: strict });
    const evil = await makeCertificate({ name: 'cloud', issuer: below });
    const answer = await talk([evil, below, strict], { pins: [strict.pin] });
    expect(answer).toMatchObject({ outcome: 'tls_untrusted', requestsSeen: 0 });
    expect(answer.message).toContain('PATH_LENGTH_EXCEEDED');
  });
});

describe('a certificate with the right pin', () => {
  it('is refused when it has expired, with its dates and the clock of the device', async () => {
    const old = await makeCertificate({
      name: 'cloud',
      issuer: authority,
      validFromHours: -5,
      validUntilHours: -1,
    });
    const answer = await talk([old, authority], { pins: [authority.pin] });
    expect(answer).toMatchObject({ outcome: 'tls_expired', requestsSeen: 0 });
    expect(answer.message).toMatch(
      /“CN=cloud” is valid from \S+ to \S+; the clock of this device says \d{4}-/,
    );
  });

  it('is refused when its authority has expired', async () => {
    const old = await makeCertificate({
      name: 'old',
      isAuthority: true,
      validFromHours: -5,
      validUntilHours: -1,
    });
    const below = await makeCertificate({ name: 'cloud', issuer: old });
    expect(await talk([below, old], { pins: [old.pin] })).toMatchObject({ outcome: 'tls_expired' });
  });

  it('is refused when it is not valid yet', async () => {
    const early = await makeCertificate({ name: 'cloud', issuer: authority, validFromHours: 5 });
    expect(await talk([early, authority], { pins: [early.pin] })).toMatchObject({ outcome: 'tls_expired' });
  });

  it('is refused for another host, and the message says which it names', async () => {
    const answer = await talk([leaf, authority], { pins: [authority.pin] }, 'cloud.test');
    expect(answer).toMatchObject({ outcome: 'tls_name_mismatch', requestsSeen: 0 });
    expect(answer.message).toContain('DNS:localhost');
  });

  it('is taken for the name that it does hold', async () => {
    const named = await makeCertificate({ name: 'cloud', issuer: authority, hosts: ['cloud.test'] });
    expect(await talk([named, authority], { pins: [authority.pin] }, 'cloud.test')).toMatchObject({
      outcome: '200',
    });
  });
});

describe('a certificate that a CA file vouches for', () => {
  it('is refused when it has expired', async () => {
    const old = await makeCertificate({
      name: 'cloud',
      issuer: authority,
      validFromHours: -5,
      validUntilHours: -1,
    });
    const trust = { caPem: authority.certificatePem, pins: [] };
    const answer = await talk([old], trust);
    expect(answer).toMatchObject({ outcome: 'tls_expired', requestsSeen: 0 });
    expect(answer.message).toContain('is valid from');
  });

  it('is refused for another host', async () => {
    const trust = { caPem: authority.certificatePem, pins: [] };
    expect(await talk([leaf], trust, 'cloud.test')).toMatchObject({
      outcome: 'tls_name_mismatch',
      requestsSeen: 0,
    });
  });
});

describe('a transport that has connected by pin before', () => {
  async function swapped(second: readonly TestCertificate[]): Promise<unknown> {
    const named = await makeCertificate({ name: 'cloud', issuer: authority, hosts: ['cloud.test'] });
    const first = keep(await startHttps([named, authority]));
    const impostor = keep(await startHttps(second));
    let port = first.port;
    // The same transport is led to another server between two requests, as a changed DNS answer does.
    const proxy = keep(await startProxy({ targetPort: () => port }));
    const transport = transportTo('https://cloud.test', {
      trust: { pins: [authority.pin] },
      proxy: proxyAt(proxy.port),
    });
    await get(transport);
    port = impostor.port;
    return get(transport).then(({ status }) => status);
  }

  it('remembers the authority, and refuses another server all the same', async () => {
    const evil = await makeCertificate({ name: 'cloud', issuer: otherAuthority, hosts: ['cloud.test'] });
    await expect(swapped([evil, authority])).rejects.toMatchObject({ code: 'tls_pin_mismatch' });
  });

  it('takes a renewed authority over the same keys', async () => {
    const renewed = await makeCertificate({ name: 'EdgeFlow CA 2', isAuthority: true, keysOf: authority });
    const next = await makeCertificate({ name: 'cloud', issuer: renewed, hosts: ['cloud.test'] });
    await expect(swapped([next, renewed])).resolves.toBe(200);
  });
});

import 'reflect-metadata';
import { webcrypto, X509Certificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { spkiPin } from '../pins.ts';

x509.cryptoProvider.set(webcrypto);

/** For requests: what must be imported after the polyfill that the library needs. */
export const { ExtendedKeyUsage, Extension, KeyUsageFlags } = x509;

const ecdsa = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const hourMs = 3_600_000;

export interface CertificateRequest {
  readonly name: string;
  /** Signs itself when left out. */
  readonly issuer?: TestCertificate;
  readonly isAuthority?: boolean;
  /** DNS names and addresses of a server certificate. */
  readonly hosts?: readonly string[];
  /** URIs among the names of a server certificate. */
  readonly otherNames?: readonly string[];
  /** Counted from now; negative is past. */
  readonly validFromHours?: number;
  readonly validUntilHours?: number;
  /** A certificate over the keys of another: a renewal, or a forgery when the issuer differs. */
  readonly keysOf?: TestCertificate;
  readonly pathLength?: number;
  /** RSA keys of this size instead of P-256. */
  readonly rsaBits?: number;
  /** What the signature is made with; SHA-256 unless told otherwise. */
  readonly hash?: 'SHA-1' | 'SHA-384';
  /** Instead of serverAuth for a server and none for an authority. */
  readonly purposes?: readonly x509.ExtendedKeyUsage[];
  /** Bits of `x509.KeyUsageFlags`, instead of none for a server and those of an authority. */
  readonly keyUsage?: number;
  /** Beside the others. */
  readonly extensions?: readonly x509.Extension[];
}

export interface TestCertificate {
  readonly certificatePem: string;
  readonly keyPem: string;
  readonly pin: string;
  readonly subject: string;
  readonly keys: webcrypto.CryptoKeyPair;
  readonly der: Uint8Array<ArrayBuffer>;
}

/** A real certificate with fresh keys, P-256 unless told otherwise. */
export async function makeCertificate(request: CertificateRequest): Promise<TestCertificate> {
  const keys = request.keysOf?.keys ?? (await makeKeys(request.rsaBits));
  const signingKey = request.issuer?.keys.privateKey ?? keys.privateKey;
  const subject = `CN=${request.name}`;
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: Buffer.from(webcrypto.getRandomValues(new Uint8Array(8))).toString('hex'),
    subject,
    issuer: request.issuer?.subject ?? subject,
    notBefore: new Date(Date.now() + (request.validFromHours ?? -1) * hourMs),
    notAfter: new Date(Date.now() + (request.validUntilHours ?? 24) * hourMs),
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: { name: signingKey.algorithm.name, hash: request.hash ?? 'SHA-256' },
    extensions: extensionsOf(request),
  });
  return presentable(new Uint8Array(certificate.rawData), subject, keys);
}

/** The same certificate with one bit of its signature turned. */
export async function withAlteredSignature(certificate: TestCertificate): Promise<TestCertificate> {
  const der = Uint8Array.from(certificate.der);
  const last = der.length - 1;
  der[last] = (der[last] ?? 0) ^ 1;
  return presentable(der, certificate.subject, certificate.keys);
}

/** The same certificate with thirteen characters that are no date where its validity ends; its signature is broken. */
export async function withUnreadableEnd(certificate: TestCertificate): Promise<TestCertificate> {
  const der = Buffer.from(certificate.der);
  const [, end] = der.toString('latin1').matchAll(/\d{12}Z/g);
  if (end === undefined) throw new Error('the certificate has no UTCTime at its end');
  der.write('269999999999Z', end.index, 'latin1');
  return presentable(Uint8Array.from(der), certificate.subject, certificate.keys);
}

async function presentable(
  der: Uint8Array<ArrayBuffer>,
  subject: string,
  keys: webcrypto.CryptoKeyPair,
): Promise<TestCertificate> {
  const certificatePem = x509.PemConverter.encode(der, 'CERTIFICATE');
  const keyBytes = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  const keyPem = `-----BEGIN PRIVATE KEY-----\n${keyBytes}\n-----END PRIVATE KEY-----\n`;
  return { certificatePem, keyPem, pin: spkiPin(new X509Certificate(certificatePem)), subject, keys, der };
}

async function makeKeys(rsaBits: number | undefined): Promise<webcrypto.CryptoKeyPair> {
  const publicExponent = Uint8Array.of(1, 0, 1);
  const rsa = { name: 'RSASSA-PKCS1-v1_5', modulusLength: rsaBits ?? 0, publicExponent, hash: 'SHA-256' };
  return webcrypto.subtle.generateKey(rsaBits === undefined ? ecdsa : rsa, true, ['sign', 'verify']);
}

function extensionsOf(request: CertificateRequest): x509.Extension[] {
  if (request.isAuthority === true) {
    const { keyCertSign, cRLSign } = x509.KeyUsageFlags;
    return [
      new x509.BasicConstraintsExtension(true, request.pathLength, true),
      new x509.KeyUsagesExtension(request.keyUsage ?? keyCertSign | cRLSign, true),
      ...(request.purposes === undefined ? [] : [new x509.ExtendedKeyUsageExtension([...request.purposes])]),
      ...(request.extensions ?? []),
    ];
  }
  const names = (request.hosts ?? ['127.0.0.1', 'localhost']).map((host): x509.JsonGeneralName => ({
    type: /^[\d.]+$|:/.test(host) ? 'ip' : 'dns',
    value: host,
  }));
  const others = (request.otherNames ?? []).map((value): x509.JsonGeneralName => ({ type: 'url', value }));
  return [
    new x509.BasicConstraintsExtension(false, undefined, true),
    ...(request.keyUsage === undefined ? [] : [new x509.KeyUsagesExtension(request.keyUsage, true)]),
    new x509.ExtendedKeyUsageExtension([...(request.purposes ?? [x509.ExtendedKeyUsage.serverAuth])]),
    new x509.SubjectAlternativeNameExtension([...names, ...others]),
    ...(request.extensions ?? []),
  ];
}

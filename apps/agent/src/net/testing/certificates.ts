import 'reflect-metadata';
import { webcrypto, X509Certificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { spkiPin } from '../verified-tls.ts';

x509.cryptoProvider.set(webcrypto);

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const hourMs = 3_600_000;

export interface CertificateRequest {
  readonly name: string;
  /** Signs itself when left out. */
  readonly issuer?: TestCertificate;
  readonly isAuthority?: boolean;
  /** DNS names and addresses of a server certificate. */
  readonly hosts?: readonly string[];
  /** Counted from now; negative is past. */
  readonly validFromHours?: number;
  readonly validUntilHours?: number;
  /** A certificate over the keys of another: a renewal, or a forgery when the issuer differs. */
  readonly keysOf?: TestCertificate;
  readonly pathLength?: number;
}

export interface TestCertificate {
  readonly certificatePem: string;
  readonly keyPem: string;
  readonly pin: string;
  readonly subject: string;
  readonly keys: webcrypto.CryptoKeyPair;
}

/** A real certificate with fresh P-256 keys. */
export async function makeCertificate(request: CertificateRequest): Promise<TestCertificate> {
  const keys =
    request.keysOf?.keys ?? (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']));
  const subject = `CN=${request.name}`;
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: Buffer.from(webcrypto.getRandomValues(new Uint8Array(8))).toString('hex'),
    subject,
    issuer: request.issuer?.subject ?? subject,
    notBefore: new Date(Date.now() + (request.validFromHours ?? -1) * hourMs),
    notAfter: new Date(Date.now() + (request.validUntilHours ?? 24) * hourMs),
    publicKey: keys.publicKey,
    signingKey: request.issuer?.keys.privateKey ?? keys.privateKey,
    signingAlgorithm: algorithm,
    extensions: extensionsOf(request),
  });
  const certificatePem = certificate.toString('pem');
  const keyBytes = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  const keyPem = `-----BEGIN PRIVATE KEY-----\n${keyBytes}\n-----END PRIVATE KEY-----\n`;
  return { certificatePem, keyPem, pin: spkiPin(new X509Certificate(certificatePem)), subject, keys };
}

function extensionsOf(request: CertificateRequest): x509.Extension[] {
  if (request.isAuthority === true) {
    const { keyCertSign, cRLSign } = x509.KeyUsageFlags;
    return [
      new x509.BasicConstraintsExtension(true, request.pathLength, true),
      new x509.KeyUsagesExtension(keyCertSign | cRLSign, true),
    ];
  }
  const names = (request.hosts ?? ['127.0.0.1', 'localhost']).map((host): x509.JsonGeneralName => ({
    type: /^[\d.]+$|:/.test(host) ? 'ip' : 'dns',
    value: host,
  }));
  return [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
    new x509.SubjectAlternativeNameExtension(names),
  ];
}

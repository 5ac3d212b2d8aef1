import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

x509.cryptoProvider.set(webcrypto);

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const hourMs = 3_600_000;

export interface TestAuthority {
  readonly caPem: string;
  /** A server certificate for these DNS names and addresses. */
  issue(
    hosts: readonly string[],
    validUntilHours?: number,
  ): Promise<{ readonly cert: string; readonly key: string }>;
}

/** A certificate authority with fresh keys, known to nobody. */
export async function makeAuthority(): Promise<TestAuthority> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const name = 'CN=edgeflow cli test authority';
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    ...{ serialNumber: '01', name, keys, signingAlgorithm: algorithm, ...validity(24) },
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  });
  return {
    caPem: authority.toString('pem'),
    async issue(hosts, validUntilHours = 24) {
      const own = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
      const certificate = await x509.X509CertificateGenerator.create({
        ...{ serialNumber: '02', subject: 'CN=tiny cloud', issuer: name, ...validity(validUntilHours) },
        ...{ publicKey: own.publicKey, signingKey: keys.privateKey, signingAlgorithm: algorithm },
        extensions: [
          new x509.SubjectAlternativeNameExtension(
            hosts.map((host): x509.JsonGeneralName => ({
              type: /^[\d.]+$/.test(host) ? 'ip' : 'dns',
              value: host,
            })),
          ),
        ],
      });
      const bytes = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', own.privateKey));
      const key = `-----BEGIN PRIVATE KEY-----\n${bytes.toString('base64')}\n-----END PRIVATE KEY-----\n`;
      return { cert: certificate.toString('pem'), key };
    },
  };
}

function validity(untilHours: number): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return { notBefore: new Date(now - 48 * hourMs), notAfter: new Date(now + untilHours * hourMs) };
}

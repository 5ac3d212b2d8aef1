import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import type * as X509 from '@peculiar/x509';
import type { Random } from '@edgeflow/platform';
import type { CertificateName } from './names.ts';

const dayMs = 24 * 3600 * 1000;
const caDays = 3650;
/** Clients of Apple and Google refuse longer ones. */
const leafDays = 397;
/** Devices whose clocks are slow must not meet a certificate from their future. */
const backdatedDays = 2;
const serialBytes = 16;

const keyAlgorithm = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const signingAlgorithm = { name: 'ECDSA', hash: 'SHA-256' } as const;

/** When and with which serial number a certificate is made. */
export interface Issuing {
  readonly nowMs: number;
  readonly random: Random;
}

/** A new ECDSA P-256 private key, PKCS #8 in PEM. */
export function makePrivateKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' });
}

/** A self-signed CA for one level of certificates, in PEM. Its name follows from its key, so two CAs never share one. */
export async function issueCa(caKeyPem: string, issuing: Issuing): Promise<string> {
  const x509 = await loadX509();
  const keys = await importKeys(caKeyPem);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      ...validity(issuing, caDays),
      name: [{ CN: [`EdgeFlow development CA ${keyName(caKeyPem)}`] }],
      keys,
      signingAlgorithm,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey, false, crypto),
      ],
    },
    crypto,
  );
  return `${certificate.toString('pem')}\n`;
}

/** A server certificate for `names`, signed by the CA, in PEM. */
export async function issueLeaf(
  ca: { readonly keyPem: string; readonly certificatePem: string },
  leafKeyPem: string,
  names: readonly CertificateName[],
  issuing: Issuing,
): Promise<string> {
  const x509 = await loadX509();
  const issuer = new x509.X509Certificate(ca.certificatePem);
  const { publicKey } = await importKeys(leafKeyPem);
  const certificate = await x509.X509CertificateGenerator.create(
    {
      ...validity(issuing, leafDays),
      subject: [{ CN: ['EdgeFlow cloud'] }],
      issuer: issuer.subjectName,
      publicKey,
      signingKey: (await importKeys(ca.keyPem)).privateKey,
      signingAlgorithm,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension([...names]),
        await x509.SubjectKeyIdentifierExtension.create(publicKey, false, crypto),
        await x509.AuthorityKeyIdentifierExtension.create(issuer, false, crypto),
      ],
    },
    crypto,
  );
  return `${certificate.toString('pem')}\n`;
}

/** Loaded on demand: a cloud with a certificate of its own does not pay for it. The library needs the polyfill. */
async function loadX509(): Promise<typeof X509> {
  await import('reflect-metadata');
  return import('@peculiar/x509');
}

function validity(
  { nowMs, random }: Issuing,
  days: number,
): { serialNumber: string; notBefore: Date; notAfter: Date } {
  const serial = Buffer.from(random.bytes(serialBytes));
  // Positive and of full length (RFC 5280, section 4.1.2.2).
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  const notBefore = new Date(nowMs - backdatedDays * dayMs);
  return {
    serialNumber: serial.toString('hex'),
    notBefore,
    notAfter: new Date(notBefore.getTime() + days * dayMs),
  };
}

async function importKeys(privateKeyPem: string): Promise<{ privateKey: CryptoKey; publicKey: CryptoKey }> {
  const { subtle } = crypto;
  const privateKey = createPrivateKey(privateKeyPem);
  const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'der' });
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  return {
    privateKey: await subtle.importKey('pkcs8', pkcs8, keyAlgorithm, false, ['sign']),
    publicKey: await subtle.importKey('spki', spki, keyAlgorithm, true, ['verify']),
  };
}

function keyName(privateKeyPem: string): string {
  const spki = createPublicKey(createPrivateKey(privateKeyPem)).export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(spki).digest('hex').slice(0, 8);
}

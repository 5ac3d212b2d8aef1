import { createHash, X509Certificate } from 'node:crypto';
import { rootCertificates } from 'node:tls';

/** `sha256/` + base64 of the SHA-256 of a certificate's SubjectPublicKeyInfo (RFC 7469, section 2.4). */
export function spkiPin(certificate: X509Certificate): string {
  const spki = certificate.publicKey.export({ type: 'spki', format: 'der' });
  return `sha256/${createHash('sha256').update(spki).digest('base64')}`;
}

/** The certificates of a PEM file, in its order. Throws for text that holds none or a damaged one. */
export function readChain(pem: string): [X509Certificate, ...X509Certificate[]] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  const [first, ...rest] = blocks.map((block) => new X509Certificate(block));
  if (first === undefined) throw new Error('no certificate in the file');
  return [first, ...rest];
}

/**
 * Pins that devices need for this chain. None when a public authority stands behind it; else that of the chain's
 * last certificate, which changes least often.
 */
export function pinsOf(chain: readonly [X509Certificate, ...X509Certificate[]]): string[] {
  const top = chain.at(-1) ?? chain[0];
  return isPubliclyTrusted(top) ? [] : [spkiPin(top)];
}

function isPubliclyTrusted(certificate: X509Certificate): boolean {
  return rootCertificates.some((pem) => {
    const root = new X509Certificate(pem);
    if (root.fingerprint256 === certificate.fingerprint256) return true;
    return certificate.checkIssued(root) && certificate.verify(root.publicKey);
  });
}

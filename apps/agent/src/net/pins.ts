import { createHash, type X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { presentedCertificatesMax } from './limits.ts';
import { certificateText } from './tls-failure.ts';
import { TransportError } from './transport.ts';

/** `sha256/` + base64 of the SHA-256 of a certificate's SubjectPublicKeyInfo, as in RFC 7469, section 2.4. */
export function spkiPin(certificate: X509Certificate): string {
  const spki = certificate.publicKey.export({ type: 'spki', format: 'der' });
  return `sha256/${createHash('sha256').update(spki).digest('base64')}`;
}

/**
 * The certificates with a pinned key among the leaf and the authorities that it chains to by signatures within what
 * was presented, in whatever order and among whatever else.
 */
export function pinnedCertificates(
  presented: readonly X509Certificate[],
  pins: readonly string[],
): X509Certificate[] {
  const [leaf, ...others] = presented;
  if (leaf === undefined) return [];
  const chained = new Set([leaf]);
  // A Set's iteration also visits what is added on the way.
  for (const certificate of chained) {
    for (const other of others) if (hasIssued(other, certificate)) chained.add(other);
  }
  return [...chained].filter((certificate) => hasPinnedKey(certificate, pins));
}

/** Whether `subject` names `issuer`, which is an authority that may sign certificates, and bears its signature. */
export function hasIssued(issuer: X509Certificate, subject: X509Certificate): boolean {
  try {
    return issuer.ca && subject.checkIssued(issuer) && subject.verify(issuer.publicKey);
  } catch {
    // A kind of key that OpenSSL cannot use vouches for nobody.
    return false;
  }
}

export function hasPinnedKey(certificate: X509Certificate, pins: readonly string[]): boolean {
  try {
    return pins.includes(spkiPin(certificate));
  } catch {
    return false;
  }
}

/** In the order of the handshake, leaf first. */
export function presentedCertificates(socket: TLSSocket): X509Certificate[] {
  const presented: X509Certificate[] = [];
  let next = socket.getPeerX509Certificate();
  // From a live handshake `issuerCertificate` is simply the next one presented, whoever issued it.
  for (; next !== undefined && presented.length < presentedCertificatesMax; next = next.issuerCertificate) {
    presented.push(next);
  }
  return presented;
}

/** As many as fit into a line of the log. */
const presentedShownMax = 4;

export function pinMismatch(
  host: string,
  presented: readonly X509Certificate[],
  pins: readonly string[],
): TransportError {
  const isThere = presented.some((certificate) => hasPinnedKey(certificate, pins));
  const why = isThere
    ? 'its certificate was not issued by the pinned authority that it shows beside it. Somebody may be in between.'
    : `no certificate that it presents (${presented.slice(0, presentedShownMax).map(certificateText).join('; ')}) has a pinned key.`;
  return new TransportError('tls_pin_mismatch', `${host} is not the cloud that was pinned: ${why}`);
}

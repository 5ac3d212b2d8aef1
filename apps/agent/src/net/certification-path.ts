import { X509Certificate } from 'node:crypto';
import { hasIssued } from './pins.ts';

/** From the leaf to an anchor, inclusive. A leaf that is itself an anchor is a path of one. */
export type CertificationPath = readonly [X509Certificate, ...X509Certificate[]];

/** Signatures that are looked at in all: a chain made to branch must not keep a small processor busy. */
const linksTriedMax = 128;
const pathsMax = 8;
/** Certificates of a path, the leaf and the anchor included. OpenSSL's own bound is far above any real chain, too. */
const pathLengthMax = 8;

/**
 * Every way by signatures from the presented leaf to an anchor, the shortest first, within bounds. Each link is one that
 * OpenSSL has verified: name, authority, permission to sign, signature. Nothing else is judged here.
 *
 * @param presented leaf first, the others in any order.
 */
export function findPaths(
  presented: readonly X509Certificate[],
  anchors: readonly X509Certificate[],
): CertificationPath[] {
  const [leaf, ...others] = presented;
  if (leaf === undefined) return [];
  const found: CertificationPath[] = [];
  let linksTried = 0;
  const isIssuedBy = (subject: X509Certificate) => (issuer: X509Certificate) => {
    // Names are compared first, which costs nothing; only what fits counts.
    if (issuer.subject !== subject.issuer || linksTried >= linksTriedMax) return false;
    linksTried += 1;
    return hasIssued(issuer, subject);
  };
  let open: CertificationPath[] = [[leaf]];
  while (open.length > 0 && found.length < pathsMax) {
    const next: CertificationPath[] = [];
    for (const path of open) {
      const last = path[path.length - 1] ?? leaf;
      if (anchors.some((anchor) => anchor.raw.equals(last.raw))) {
        found.push(path);
        continue;
      }
      if (path.length >= pathLengthMax) continue;
      const issuedLast = isIssuedBy(last);
      const issuers = [...anchors, ...others].filter((issuer) => !isIn(path, issuer)).filter(issuedLast);
      for (const issuer of distinct(issuers)) next.push([...path, issuer]);
    }
    open = next.slice(0, pathsMax);
  }
  return found;
}

/** Each certificate of PEM text, or of several. */
export function certificatesIn(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => new X509Certificate(block));
}

function isIn(path: readonly X509Certificate[], certificate: X509Certificate): boolean {
  return path.some(({ raw }) => raw.equals(certificate.raw));
}

function distinct(certificates: readonly X509Certificate[]): X509Certificate[] {
  return certificates.filter((one, at) => certificates.findIndex(({ raw }) => raw.equals(one.raw)) === at);
}

import type { KeyObject, X509Certificate } from 'node:crypto';
import {
  BasicConstraints,
  type Certificate,
  ExtKeyUsage,
  id_BasicConstraints,
  id_CertificatePolicies,
  id_ExtKeyUsage,
  id_InhibitAnyPolicy,
  id_KeyUsage,
  id_NameConstraints,
  id_PolicyConstraints,
  id_PolicyMappings,
  id_SubjectAltName,
} from 'pkijs';

/** One certificate as OpenSSL reads it and as pkijs does. */
export interface PathCertificate {
  readonly node: X509Certificate;
  readonly read: Certificate;
}

/**
 * The rules of RFC 5280 and of OpenSSL's security level 2 that pkijs leaves to its callers.
 *
 * @param path leaf first, anchor last.
 * @returns which rule is broken, to go on after "because"; undefined when none is.
 */
export function ruleBroken(path: readonly PathCertificate[]): string | undefined {
  for (const [at, certificate] of path.entries()) {
    const isAnchor = at === path.length - 1;
    const broken =
      extensionBroken(certificate) ??
      (isWeakKey(certificate.node.publicKey) ? 'a key in it is too weak' : undefined) ??
      (isAnchor ? undefined : signatureBroken(certificate)) ??
      purposeBroken(certificate) ??
      (at === 0 ? leafUsageBroken(certificate) : authorityBroken(certificate, path.slice(1, at)));
    if (broken !== undefined) return broken;
  }
  return undefined;
}

/** What path validation acts upon; whatever else is critical must be refused (RFC 5280, section 4.2). */
const understood: ReadonlySet<string> = new Set([
  id_BasicConstraints,
  id_KeyUsage,
  id_ExtKeyUsage,
  id_SubjectAltName,
  id_NameConstraints,
  id_CertificatePolicies,
  id_PolicyMappings,
  id_PolicyConstraints,
  id_InhibitAnyPolicy,
]);

function extensionBroken({ read }: PathCertificate): string | undefined {
  const seen = new Set<string>();
  for (const extension of read.extensions ?? []) {
    const { extnID, critical } = extension;
    if (seen.has(extnID)) return `a certificate in it has the extension ${extnID} twice`;
    seen.add(extnID);
    if (understood.has(extnID)) {
      if (!isReadable(extension.parsedValue))
        return `the extension ${extnID} of a certificate in it cannot be read`;
    } else if (critical)
      return `a certificate in it has the critical extension ${extnID}, which is not known here`;
  }
  return undefined;
}

/** The library gives nothing, or a value that names its trouble, for what it cannot read. */
function isReadable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !('parsingError' in value);
}

/** 112 bits of security, as OpenSSL's level 2 asks. */
const rsaBitsMin = 2048;
const curves: ReadonlySet<string> = new Set(['prime256v1', 'secp384r1', 'secp521r1']);

function isWeakKey(key: KeyObject): boolean {
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {};
  const kind = key.asymmetricKeyType;
  if (kind === 'rsa') return (modulusLength ?? 0) < rsaBitsMin;
  if (kind === 'ec') return !curves.has(namedCurve ?? '');
  return kind !== 'ed25519' && kind !== 'ed448';
}

/** RSA (PKCS #1 v1.5) and ECDSA with SHA-256, 384 and 512; Ed25519 and Ed448. SHA-1 and MD5 are not among them. */
const signatures: ReadonlySet<string> = new Set([
  '1.2.840.113549.1.1.11',
  '1.2.840.113549.1.1.12',
  '1.2.840.113549.1.1.13',
  '1.2.840.10045.4.3.2',
  '1.2.840.10045.4.3.3',
  '1.2.840.10045.4.3.4',
  '1.3.101.112',
  '1.3.101.113',
]);

function signatureBroken({ read }: PathCertificate): string | undefined {
  const { algorithmId } = read.signatureAlgorithm;
  if (read.signature.algorithmId !== algorithmId) return 'a certificate in it names two kinds of signature';
  return signatures.has(algorithmId)
    ? undefined
    : `a signature in it is of a kind that is not accepted (${algorithmId})`;
}

const serverAuthentication = '1.3.6.1.5.5.7.3.1';

/** An authority that is limited to other purposes cannot vouch for a server either, as OpenSSL has it. */
function purposeBroken({ read }: PathCertificate): string | undefined {
  const usage = valueOf(read, id_ExtKeyUsage);
  if (usage === undefined) return undefined;
  const isForServers = usage instanceof ExtKeyUsage && usage.keyPurposes.includes(serverAuthentication);
  return isForServers ? undefined : 'a certificate in it is not for servers (extended key usage)';
}

/** Bits of KeyUsage (RFC 5280, section 4.2.1.3), the first in the highest bit of the first byte. */
const keyCertSign = 0x04;
/** digitalSignature, keyEncipherment, keyAgreement: one of them is what a TLS server does. */
const usedByServers = 0x80 | 0x20 | 0x08;

function leafUsageBroken({ read }: PathCertificate): string | undefined {
  const bits = keyUsageOf(read);
  if (bits === undefined || (bits & usedByServers) !== 0) return undefined;
  return 'its certificate is not for servers (key usage)';
}

/** @param below the authorities between this one and the leaf. */
function authorityBroken({ read }: PathCertificate, below: readonly PathCertificate[]): string | undefined {
  const constraints = valueOf(read, id_BasicConstraints);
  if (!(constraints instanceof BasicConstraints) || !constraints.cA) {
    return 'a certificate in it was issued by one that is no authority';
  }
  const bits = keyUsageOf(read);
  if (bits !== undefined && (bits & keyCertSign) === 0) {
    return 'an authority in it may not sign certificates (key usage)';
  }
  const { pathLenConstraint: most } = constraints;
  if (most === undefined) return undefined;
  // The library gives what does not fit into a number as another kind of value: no limit that matters is that large.
  if (typeof most !== 'number') return 'an authority in it has a path length that cannot be read';
  const counted = below.filter((authority) => !authority.read.subject.isEqual(authority.read.issuer));
  return counted.length > most
    ? 'an authority in it may not have so many others below it (path length)'
    : undefined;
}

function keyUsageOf(certificate: Certificate): number | undefined {
  const usage = valueOf(certificate, id_KeyUsage);
  if (usage === undefined) return undefined;
  const block =
    typeof usage === 'object' && usage !== null && 'valueBlock' in usage ? usage.valueBlock : null;
  const isBits = typeof block === 'object' && block !== null && 'valueHexView' in block;
  return isBits && block.valueHexView instanceof Uint8Array ? (block.valueHexView[0] ?? 0) : 0;
}

function valueOf(certificate: Certificate, id: string): unknown {
  return certificate.extensions?.find(({ extnID }) => extnID === id)?.parsedValue;
}

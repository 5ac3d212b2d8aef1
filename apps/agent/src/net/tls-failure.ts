import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { toRfc3339 } from '@edgeflow/platform';
import type { ErrorCode } from '@edgeflow/contract';
import { foreignText } from '../foreign-text.ts';
import type { DateVerdict } from './plausible-time.ts';
import { networkErrorCode } from './socket.ts';
import { TransportError } from './transport.ts';

/** What is known beyond the error itself. */
export interface TlsEvidence {
  /** Leaf first; empty when it could not be seen. */
  readonly presented: readonly X509Certificate[];
  /** This device's clock, epoch milliseconds. */
  readonly nowMs: number;
}

/** A failed handshake in the terms of the catalogue. What is not known to be harmless counts as not trusted. */
export function tlsFailure(error: unknown, host: string, evidence?: TlsEvidence): TransportError {
  if (error instanceof TransportError) return error;
  const code = networkErrorCode(error);
  const fail = (kind: ErrorCode, what: string): TransportError =>
    new TransportError(kind, `${what}${code === '' ? '' : ` (${code})`}.`, { cause: error });
  if (code === '' || connectionErrors.has(code)) {
    return fail('cloud_unreachable', `${host} broke off the connection during the TLS handshake`);
  }
  if (oldProtocolErrors.has(code)) {
    return fail('tls_untrusted', `${host} offers no TLS that is safe to use: it must speak TLS 1.2 or later`);
  }
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_')) {
    return fail('not_the_cloud', `${host} does not speak TLS on this port, or refused this handshake`);
  }
  if (code.startsWith('ERR_TLS_CERT_ALTNAME') || code === 'HOSTNAME_MISMATCH') {
    const what = `The certificate does not name ${host}${namesText(evidence)}: another server answers in its place`;
    return fail('tls_name_mismatch', `${what}, such as a captive portal, or the address is wrong`);
  }
  if (expiryErrors.has(code)) {
    return fail('tls_expired', `A certificate of ${host} is not valid now${validityText(evidence)}`);
  }
  return fail(
    'tls_untrusted',
    `The certificate of ${host} does not come from a trusted authority${issuerText(evidence)}${strangerText(evidence, host)}`,
  );
}

/** Whether the other end was reached and its certificate found wanting. */
export function isVerificationFailure(error: unknown): error is TransportError {
  return error instanceof TransportError && verificationCodes.includes(error.code);
}

/** What a refusal for dates says; undefined for every other failure. */
export function dateVerdict(error: unknown): DateVerdict | undefined {
  const code = networkErrorCode(error);
  if (code === 'CERT_NOT_YET_VALID') return 'not_yet_valid';
  return code === 'CERT_HAS_EXPIRED' ? 'expired' : undefined;
}

/** Who a certificate is for and from, and how long, fit for a log line: the names in it are whatever its maker wrote. */
export function certificateText(certificate: X509Certificate | undefined): string {
  if (certificate === undefined) return 'no certificate';
  const until = dateText(certificate.validToDate);
  return `“${nameText(certificate.subject)}” by “${nameText(certificate.issuer)}”, valid until ${until}`;
}

const verificationCodes: readonly ErrorCode[] = ['tls_untrusted', 'tls_name_mismatch', 'tls_expired'];
const connectionErrors = new Set([
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ECONNABORTED',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);
const oldProtocolErrors = new Set([
  'ERR_SSL_UNSUPPORTED_PROTOCOL',
  'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
  'ERR_SSL_TLSV1_ALERT_INSUFFICIENT_SECURITY',
]);
const expiryErrors = new Set([
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'ERROR_IN_CERT_NOT_BEFORE_FIELD',
  'ERROR_IN_CERT_NOT_AFTER_FIELD',
]);
const nameLengthMax = 120;

function namesText(evidence: TlsEvidence | undefined): string {
  const names = evidence?.presented[0]?.subjectAltName;
  return names === undefined ? '' : `; it names ${foreignText(names, nameLengthMax)}`;
}

function validityText(evidence: TlsEvidence | undefined): string {
  if (evidence === undefined) return '';
  const { presented, nowMs } = evidence;
  const outside = presented.find(({ validFromDate, validToDate }) => {
    return !(nowMs >= validFromDate.getTime() && nowMs <= validToDate.getTime());
  });
  const clock = `; the clock of this device says ${toRfc3339(nowMs)}`;
  if (outside === undefined) return clock;
  const span = `${dateText(outside.validFromDate)} to ${dateText(outside.validToDate)}`;
  return `: “${nameText(outside.subject)}” is valid from ${span}${clock}`;
}

function issuerText(evidence: TlsEvidence | undefined): string {
  const leaf = evidence?.presented[0];
  return leaf === undefined ? '' : `: “${nameText(leaf.subject)}” was issued by “${nameText(leaf.issuer)}”`;
}

/** Whoever breaks TLS open for a portal's page seldom troubles to forge the name. */
function strangerText(evidence: TlsEvidence | undefined, host: string): string {
  const leaf = evidence?.presented[0];
  const isNamed = isIP(host) === 0 ? leaf?.checkHost(host) : leaf?.checkIP(host);
  if (leaf === undefined || isNamed !== undefined) return '';
  return `, and it does not name ${host}: a captive portal may be answering in its place`;
}

/** Of a certificate, which may hold anything in place of a date. */
function dateText(date: Date): string {
  return Number.isNaN(date.getTime()) ? 'an unreadable date' : toRfc3339(date.getTime());
}

function nameText(distinguishedName: string): string {
  return foreignText(distinguishedName.replaceAll('\n', ', '), nameLengthMax);
}

import { X509Certificate } from 'node:crypto';
import { checkServerIdentity, getCACertificates, type PeerCertificate } from 'node:tls';
import type { ErrorCode } from '@edgeflow/contract';
import { certificatesIn } from './certification-path.ts';
import type { PathQuestion, PathVerdict } from './path-validation.ts';
import { hasPinnedKey, pinMismatch, pinnedCertificates } from './pins.ts';
import type { PlausibleTimes } from './plausible-time.ts';
import { type TlsEvidence, tlsFailure } from './tls-failure.ts';
import { TransportError } from './transport.ts';
import type { TlsTrust } from './tls-trust.ts';

/** Rejects when this agent was built without that part. */
export type LoadValidation = () => Promise<{ validatePath(question: PathQuestion): Promise<PathVerdict> }>;

export interface ClocklessQuestion {
  readonly host: string;
  readonly trust: TlsTrust;
  /** Of the handshake that is to be used, leaf first. */
  readonly presented: readonly X509Certificate[];
  /** The leaf of the same handshake, as Node compares names with it. */
  readonly peer: PeerCertificate;
  readonly times: PlausibleTimes;
  /** This device's clock, for messages. */
  readonly nowMs: number;
  readonly load: LoadValidation | undefined;
}

/**
 * Whom a device trusts whose clock cannot be right: whomever it would trust at a time that is plausible. Chain, name and
 * pin are judged as ever; the anchors are chosen as verified-tls.ts has it.
 *
 * @returns the time that the path was judged for, epoch ms. Whoever held a key whose certificate had not expired by then
 *   is believed, even if it has expired since: that is the price of having no clock (SECURITY.md).
 * @throws TransportError with a `tls_…` code.
 */
export async function vouchWithoutClock(question: ClocklessQuestion): Promise<number> {
  const { host, presented, times } = question;
  const anchors = anchorsFor(question);
  const validation = await (question.load ?? loadOwn)().catch(() => undefined);
  const judgedAtMs =
    validation === undefined
      ? judgeWithoutPath(question)
      : judgedAt(await validation.validatePath({ presented, anchors, host, times }), question);
  const misnamed = checkServerIdentity(host, question.peer);
  if (misnamed !== undefined) throw tlsFailure(misnamed, host, evidence(question));
  return judgedAtMs;
}

const loadOwn: LoadValidation = () => import('./path-validation.ts');

function anchorsFor({ host, trust: { caPem, pins }, presented }: ClocklessQuestion): X509Certificate[] {
  if (caPem !== undefined) return certificatesIn(caPem);
  if (pins.length === 0) return getCACertificates('default').map((pem) => new X509Certificate(pem));
  const pinned = pinnedCertificates(presented, pins);
  if (pinned.length === 0) throw pinMismatch(host, presented, pins);
  return pinned;
}

function judgedAt(verdict: PathVerdict, question: ClocklessQuestion): number {
  const { host } = question;
  switch (verdict.kind) {
    case 'good':
      return verdict.atMs;
    case 'no_path':
      throw tlsFailure(coded('UNABLE_TO_GET_ISSUER_CERT_LOCALLY'), host, evidence(question));
    case 'out_of_date':
      throw refused('tls_expired', question, verdict.why);
    case 'bad':
      throw refused('tls_untrusted', question, verdict.why);
  }
}

/** Where the leaf's own key is pinned there is no path to validate: the key is trusted, whatever vouches for it. */
function judgeWithoutPath(question: ClocklessQuestion): number {
  const { presented, trust, times } = question;
  const [leaf] = presented;
  const isPinned = leaf !== undefined && trust.caPem === undefined && hasPinnedKey(leaf, trust.pins);
  const atMs = Math.max(times.earliestMs, leaf?.validFromDate.getTime() ?? Number.NaN);
  const untilMs = Math.min(times.latestMs, leaf?.validToDate.getTime() ?? Number.NaN);
  if (isPinned && atMs <= untilMs) return atMs;
  throw refused(
    'tls_expired',
    question,
    'this agent was installed without the part that validates certificates without a clock. Set the clock, or pin the key of the cloud’s own certificate in EDGEFLOW_SAAS_TLS_PIN',
  );
}

function refused(code: ErrorCode, { host, nowMs }: ClocklessQuestion, why: string): TransportError {
  const clock = new Date(nowMs).toISOString();
  return new TransportError(
    code,
    `The certificate of ${host} is refused because ${why}. The clock of this device, ${clock}, cannot be right and was not used.`,
  );
}

function coded(code: string): Error {
  return Object.assign(new Error(code), { code });
}

function evidence({ presented, nowMs }: ClocklessQuestion): TlsEvidence {
  return { presented, nowMs };
}

import type { X509Certificate } from 'node:crypto';
import { Certificate, CertificateChainValidationEngine } from 'pkijs';
import { ruleBroken } from './certificate-rules.ts';
import { type CertificationPath, findPaths } from './certification-path.ts';
import { constraintBroken } from './name-constraints.ts';
import type { PlausibleTimes } from './plausible-time.ts';

/**
 * Judges a presented chain at a time that is not this machine's clock: what OpenSSL does for every other handshake and
 * Node gives no way to ask for.
 *
 * This module and what it loads are needed only where the clock is wrong, so it is loaded only there.
 *
 * pkijs (4.0.0, read for this) walks a path as RFC 5280, section 6.1 has it, with a date to check against, but does
 * not look at path lengths, extended key usage, the strength of keys and signatures, critical extensions of the leaf,
 * or the name constraints of the anchor, and takes a certificate that meets a name constraint with one of its names
 * only. Those rules stand in certificate-rules.ts and name-constraints.ts; signatures are verified twice, by OpenSSL
 * (certification-path.ts) and by pkijs. A path is good when all of them agree.
 */
export interface PathQuestion {
  /** Leaf first. */
  readonly presented: readonly X509Certificate[];
  readonly anchors: readonly X509Certificate[];
  /** The name or address that was connected to; constraints must allow it. That the leaf bears it is not judged here. */
  readonly host: string;
  readonly times: PlausibleTimes;
}

export type PathVerdict =
  /** `atMs`: the earliest plausible time at which the whole path is valid. */
  | { readonly kind: 'good'; readonly path: CertificationPath; readonly atMs: number }
  /** No way by signatures to anybody who is trusted. */
  | { readonly kind: 'no_path' }
  /** There is no plausible time at which every certificate of the path is valid. `why` goes on after "because". */
  | { readonly kind: 'out_of_date'; readonly why: string }
  /** `why` goes on after "because". */
  | { readonly kind: 'bad'; readonly why: string };

/** Never rejects: what cannot be judged is not good. */
export async function validatePath(question: PathQuestion): Promise<PathVerdict> {
  let verdict: PathVerdict = { kind: 'no_path' };
  for (const path of findPaths(question.presented, question.anchors)) {
    const judged = await judge(path, question);
    if (judged.kind === 'good') return judged;
    // Of several, the shortest path is the one that its makers meant.
    if (verdict.kind === 'no_path') verdict = judged;
  }
  return verdict;
}

async function judge(path: CertificationPath, { times, host }: PathQuestion): Promise<PathVerdict> {
  try {
    const read = path.map(({ raw }) => Certificate.fromBER(new Uint8Array(raw)));
    const broken =
      ruleBroken(path.map((node, at) => ({ node, read: read[at] ?? unread() }))) ??
      constraintBroken(read, host);
    if (broken !== undefined) return { kind: 'bad', why: broken };
    const atMs = Math.max(times.earliestMs, ...path.map(({ validFromDate }) => validFromDate.getTime()));
    const untilMs = Math.min(times.latestMs, ...path.map(({ validToDate }) => validToDate.getTime()));
    // Written so that a date that cannot be read, NaN, is refused.
    if (!(atMs <= untilMs)) return { kind: 'out_of_date', why: datesText(path, times) };
    const refusal = await engineRefusal(read, atMs);
    return refusal === undefined ? { kind: 'good', path, atMs } : { kind: 'bad', why: refusal };
  } catch {
    return { kind: 'bad', why: 'a certificate in it cannot be read' };
  }
}

/** @param path leaf first, anchor last. */
async function engineRefusal(path: readonly Certificate[], atMs: number): Promise<string | undefined> {
  const anchor = path.at(-1);
  // Of a leaf that is trusted itself there is no path to walk.
  if (anchor === undefined || path.length === 1) return undefined;
  const engine = new CertificateChainValidationEngine({
    trustedCerts: [anchor],
    // The engine takes the last one for the leaf.
    certs: path.slice(0, -1).reverse(),
    checkDate: new Date(atMs),
  });
  const { result, resultMessage } = await engine.verify();
  return result ? undefined : `its path is not valid (${resultMessage})`;
}

function datesText(path: CertificationPath, { earliestMs, latestMs }: PlausibleTimes): string {
  const early = path.find(({ validToDate }) => validToDate.getTime() < earliestMs);
  if (early !== undefined) {
    return `a certificate in it expired at ${text(early.validToDate)}, and by now it is at least ${text(new Date(earliestMs))}`;
  }
  const late = path.find(({ validFromDate }) => validFromDate.getTime() > latestMs);
  if (late !== undefined) {
    return `a certificate in it is valid only from ${text(late.validFromDate)} on, years ahead of anything known`;
  }
  return 'there is no time at which all its certificates are valid';
}

function text(date: Date): string {
  return date.toISOString().replace('.000Z', 'Z');
}

function unread(): never {
  throw new Error('a certificate was not read');
}

import { type ErrorCode, errorEntry, type Problem as CloudProblem, problemSchema } from '@edgeflow/contract';
import * as z from 'zod';
import { isPortalPage } from '../net/answers.ts';
import type { CloudAnswer } from '../net/transport.ts';
import type { ClaimOutcome, Problem } from './model.ts';

/**
 * What an HTTP answer says about a claim. Only two answers are final: credentials, and a refusal in the cloud's own
 * words. Whatever else comes, from whoever stands in between, leaves the outcome open and is asked again.
 */
export function readAnswer(answer: CloudAnswer): ClaimOutcome {
  if (answer.status === 201) return readGrant(answer);
  const problem = problemSchema.safeParse(parseJson(answer.body)).data;
  if (problem === undefined) return notTheCloud(answer);
  const isFinal = answer.status >= 400 && answer.status < 500 && answer.status !== 429 && !problem.retryable;
  if (isFinal) return { kind: 'refused', problem, isOver: isOver(problem) };
  return {
    kind: 'later',
    problem: { code: problem.code, message: problem.detail, nextStep: problem.next_step },
    retryAfterSeconds: retryAfterSeconds(answer.headers),
  };
}

/** A person's view of a code of the catalogue. */
export function problemOf(code: ErrorCode, message?: string): Problem {
  const { title, nextStep } = errorEntry(code);
  return { code, message: message ?? `${title}.`, nextStep };
}

/** Lenient in all but what is needed: credentials that were issued must not be lost over a date. */
const grantSchema = z.object({
  device_id: z.string().min(1).max(4096),
  api_key: z.string().min(1).max(4096),
  expires_at: z.string().max(64).nullish().catch(null),
});

function readGrant(answer: CloudAnswer): ClaimOutcome {
  const body = grantSchema.safeParse(parseJson(answer.body)).data;
  if (body === undefined) {
    const message = 'The cloud says that it registered the device, but its answer cannot be read.';
    return later(problemOf('answer_malformed', message), answer);
  }
  const grant = { deviceId: body.device_id, apiKey: body.api_key, expiresAt: body.expires_at ?? null };
  return { kind: 'redeemed', grant };
}

/**
 * Refusals after which this claim's secret can bring nothing any more: the cloud has looked at the code and found
 * that no repeat of this claim will be answered with credentials. All others (a device that was revoked and may be
 * restored, a full organization or a binding that an operator can change, a request that this cloud could not read)
 * leave the claim worth keeping and repeating: nothing was consumed.
 */
const overCodes: ReadonlySet<string> = new Set<ErrorCode>([
  'code_unknown',
  'code_already_used',
  'code_revoked',
  'code_expired',
  'claim_completed',
  'claim_void',
]);

function isOver(problem: CloudProblem): boolean {
  return overCodes.has(problem.code);
}

function notTheCloud(answer: CloudAnswer): ClaimOutcome {
  const { status, headers } = answer;
  if (isPortalPage(answer)) {
    const message = `A captive portal answered the registration (${String(status)}, a page for people).`;
    return later(problemOf('captive_portal', message), answer);
  }
  if (status === 429 || status >= 500) {
    const message = `The cloud, or a proxy before it, answered ${String(status)}.`;
    return later(problemOf('unavailable', message), answer);
  }
  const kind = headers['content-type']?.split(';')[0]?.trim() ?? 'no media type';
  const message = `The answer (${String(status)}, ${kind.slice(0, 64)}) is not one that the cloud gives.`;
  return later(problemOf('not_the_cloud', message), answer);
}

function later(problem: Problem, answer: CloudAnswer): ClaimOutcome {
  return { kind: 'later', problem, retryAfterSeconds: retryAfterSeconds(answer.headers) };
}

/**
 * RFC 9110, 10.2.3: seconds, or a date. A date is taken relative to the answer's own `Date`, because this device's
 * clock may be wrong by years.
 */
function retryAfterSeconds(headers: CloudAnswer['headers']): number | undefined {
  const text = headers['retry-after']?.trim() ?? '';
  if (/^\d{1,9}$/.test(text)) return Number(text);
  const waitMs = Date.parse(text) - Date.parse(headers['date'] ?? '');
  return Number.isNaN(waitMs) ? undefined : Math.max(0, Math.ceil(waitMs / 1000));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

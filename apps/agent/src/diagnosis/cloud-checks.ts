import { isErrorCode, problemSchema, timeResponseSchema } from '@edgeflow/contract';
import type { Clock } from '@edgeflow/platform';
import { type CloudAnswer, looksLikeTheCloud, notTheCloud, TransportError } from '../net/index.ts';
import { type Check, failed, notChecked, passed, warned } from './check.ts';
import type { CloudUnderTest } from './inputs.ts';

const requestTimeoutMs = 15_000;
/** NTP keeps clocks within a second; a minute is no accident of the network. */
const skewWarnedMs = 60_000;
/** From about a day on, certificates that are renewed at short notice are refused. */
const skewFailedMs = 24 * 3600 * 1000;

export interface CloudFindings {
  readonly checks: readonly [clock: Check, cloud: Check];
  /** The cloud's own, Unix time; undefined when it did not say. */
  readonly cloudTimeMs: number | undefined;
}

/** Asks the cloud for its time: that proves that it is one, and how far this device's clock is off. */
export async function checkCloud(cloud: CloudUnderTest, clock: Clock): Promise<CloudFindings> {
  const { transport } = cloud;
  const startedMs = clock.monotonic();
  let answer: CloudAnswer;
  try {
    answer = await transport.request({
      method: 'GET',
      path: '/api/v1/time',
      headers: {},
      timeoutMs: requestTimeoutMs,
    });
  } catch (error) {
    const failure =
      error instanceof TransportError ? error : new TransportError('internal', 'The check failed.');
    return {
      checks: [
        notChecked('clock', 'the cloud did not answer'),
        failed('cloud', { detail: failure.message, code: failure.code }),
      ],
      cloudTimeMs: undefined,
    };
  }
  const roundTripMs = clock.monotonic() - startedMs;
  const cloudTimeMs = timeIn(answer);
  if (cloudTimeMs === undefined) {
    return {
      checks: [
        notChecked('clock', 'the cloud did not say its time'),
        checkOtherAnswer(answer, transport.origin),
      ],
      cloudTimeMs,
    };
  }
  const skewMs = clock.now() - roundTripMs / 2 - cloudTimeMs;
  const answers = passed('cloud', `${transport.origin} answers as an EdgeFlow cloud`);
  return { checks: [checkSkew(skewMs), answers], cloudTimeMs };
}

function timeIn(answer: CloudAnswer): number | undefined {
  if (answer.status !== 200 || !looksLikeTheCloud(answer)) return undefined;
  const document = timeResponseSchema.safeParse(JSON.parse(answer.body));
  return document.success ? Date.parse(document.data.time) : undefined;
}

function checkSkew(skewMs: number): Check {
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  const direction = skewMs < 0 ? 'behind' : 'ahead of';
  const detail = `the clock of this device is ${String(seconds)} s ${direction} the cloud’s`;
  const nextStep = 'Turn on time synchronisation (timedatectl set-ntp true), or set the clock.';
  if (Math.abs(skewMs) > skewFailedMs) return failed('clock', { detail, nextStep });
  return Math.abs(skewMs) > skewWarnedMs ? warned('clock', { detail, nextStep }) : passed('clock', detail);
}

/** The cloud's own problem is an answer of the cloud; anything else is not. */
function checkOtherAnswer(answer: CloudAnswer, origin: string): Check {
  if (looksLikeTheCloud(answer)) {
    const problem = problemSchema.safeParse(JSON.parse(answer.body));
    if (problem.success) {
      const { code, title, next_step: nextStep } = problem.data;
      return warned('cloud', { detail: title, nextStep, code: isErrorCode(code) ? code : undefined });
    }
  }
  const { code, message } = notTheCloud(answer, new URL(origin).host);
  return failed('cloud', { detail: message, code });
}

import { isErrorCode, problemSchema, timeResponseSchema } from '@edgeflow/contract';
import { toRfc3339 } from '@edgeflow/platform';
import { type CloudAnswer, looksLikeTheCloud, notTheCloud, TransportError } from '../net/index.ts';
import { type Check, failed, notChecked, passed, warned } from './check.ts';
import type { CloudUnderTest, DiagnosisInputs } from './inputs.ts';

const requestTimeoutMs = 15_000;
/** NTP keeps clocks within a second; a minute is no accident of the network. */
const skewWarnedMs = 60_000;

type DeviceClock = Pick<DiagnosisInputs, 'clock' | 'floorMs'>;

export interface CloudFindings {
  readonly checks: readonly [clock: Check, cloud: Check];
  /** The cloud's own, Unix time; undefined when it did not say. */
  readonly cloudTimeMs: number | undefined;
}

/** Asks the cloud for its time: that proves that it is one, and how far this device's clock is off. */
export async function checkCloud(cloud: CloudUnderTest, device: DeviceClock): Promise<CloudFindings> {
  const { transport } = cloud;
  const { clock } = device;
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
        checkClockAlone(device, 'the cloud did not answer'),
        failed('cloud', { detail: failure.message, code: failure.code, nextStep: silenceAdvice(failure) }),
      ],
      cloudTimeMs: undefined,
    };
  }
  const roundTripMs = clock.monotonic() - startedMs;
  const cloudTimeMs = timeIn(answer);
  if (cloudTimeMs === undefined) {
    return {
      checks: [
        checkClockAlone(device, 'the cloud did not say its time'),
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

/** The agent does without a right clock; what else runs on the device may not. */
function checkSkew(skewMs: number): Check {
  const direction = skewMs < 0 ? 'behind' : 'ahead of';
  const detail = `the clock of this device is ${spanText(Math.abs(skewMs))} ${direction} the cloud’s`;
  return Math.abs(skewMs) > skewWarnedMs
    ? warned('clock', { detail, code: 'clock_wrong' })
    : passed('clock', detail);
}

const dayMs = 24 * 3600 * 1000;

function spanText(ms: number): string {
  return ms < 2 * dayMs ? `${String(Math.round(ms / 1000))} s` : `${String(Math.round(ms / dayMs))} days`;
}

/** @param why the cloud could not be asked for its time. */
export function checkClockAlone({ clock, floorMs }: DeviceClock, why: string): Check {
  const nowMs = clock.now();
  if (nowMs >= floorMs) return notChecked('clock', why);
  const detail = `the clock of this device says ${toRfc3339(nowMs)}, and it is at least ${toRfc3339(floorMs)}`;
  return warned('clock', { detail, code: 'clock_wrong' });
}

/** The way there was open a moment ago. */
function silenceAdvice({ code }: TransportError): string | undefined {
  if (code !== 'cloud_unreachable') return undefined;
  return 'Look at the cloud: it accepts connections and does not answer requests. Its log or its database may say why.';
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
  const isGateway = code === 'cloud_unreachable';
  return failed('cloud', { detail: message, code, nextStep: isGateway ? gatewayAdvice : undefined });
}

const gatewayAdvice =
  'Start the cloud, or correct where the gateway (reverse proxy, load balancer) before it looks for it.';

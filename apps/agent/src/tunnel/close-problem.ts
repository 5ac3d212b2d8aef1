import { closeCodes, type ErrorCode, errorEntry, isErrorCode } from '@edgeflow/contract';
import { boundedWaitSeconds, type Delay, imposed } from '../delay.ts';
import { foreignText } from '../foreign-text.ts';
import type { TunnelProblem } from './model.ts';

/** What the end of a tunnel means, in the terms of the error catalogue. */

/** The codes that each refusal may carry, the general one first. */
const refusalsOf: Readonly<Record<number, readonly [ErrorCode, ...ErrorCode[]]>> = {
  [closeCodes.keyRejected]: ['key_rejected'],
  [closeCodes.deviceRefused]: ['device_revoked', 'device_quarantined', 'key_expired'],
  [closeCodes.deviceDeleted]: ['device_deleted'],
};

/**
 * Why the cloud refused this identity. The close code decides; the texts only choose among the reasons it allows.
 *
 * @param errorText of the `error` frame before the close: `<code>: <text>`.
 */
export function rejectionProblem(closeCode: number, reason: string, errorText?: string): TunnelProblem {
  const allowed = refusalsOf[closeCode] ?? ['key_rejected'];
  const said = [leadingCode(errorText), leadingCode(reason)];
  const code = allowed.find((candidate) => said.includes(candidate)) ?? allowed[0];
  return { code, message: `${errorEntry(code).title} (the tunnel was closed with ${String(closeCode)}).` };
}

/** Why a tunnel ended that will be tried again. */
export function closeProblem(closeCode: number, reason: string, errorText?: string): TunnelProblem {
  const said = [errorText, reason]
    .map((text) => foreignText(text ?? '', saidLengthMax))
    .find((text) => text !== '');
  const why = said === undefined ? '' : `: ${said}`;
  const code = closeCode === closeCodes.replaced ? 'replaced' : 'tunnel_closed';
  return { code, message: `The tunnel was closed with ${String(closeCode)}${why}.` };
}

const waitSecondsWithoutNumber = 60;

/** A close 4429 says in its reason for how many seconds to stay away; the error frame before it may say why. */
export function afterSlowDown(reason: string, failures: number, errorText?: string): [TunnelProblem, Delay] {
  const digits = /\d{1,9}/.exec(reason)?.[0];
  const seconds = boundedWaitSeconds(digits === undefined ? waitSecondsWithoutNumber : Number(digits));
  const message = `The cloud asked this device to stay away for ${String(seconds)} seconds.`;
  const isClone = leadingCode(errorText) === 'clone_suspected';
  const problem: TunnelProblem = isClone
    ? { code: 'clone_suspected', message: `${errorEntry('clone_suspected').title}. ${message}` }
    : { code: 'unavailable', message };
  return [problem, imposed(seconds, failures)];
}

function leadingCode(text: string | undefined): ErrorCode | undefined {
  const word = /^[a-z_]+/.exec(text ?? '')?.[0] ?? '';
  return isErrorCode(word) ? word : undefined;
}

const saidLengthMax = 200;

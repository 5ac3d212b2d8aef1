import { closeCodes } from '@edgeflow/contract';
import { type Delay, exactly, slowly } from '../delay.ts';
import type {
  Linked,
  TunnelCredential,
  TunnelEffect,
  TunnelProblem,
  TunnelReport,
  TunnelState,
  TunnelStep,
} from './model.ts';

/** The steps that lead from one phase of the tunnel to another. Each sets the timer that the next phase waits for. */

/** A transport has its own deadlines for each stage; this one is for a transport that forgets. */
export const openSecondsMax = 60;
/** A close handshake that takes longer is cut off: a stop has to end within five seconds. */
const closeSecondsMax = 2;

export function rejected(state: Linked, problem: TunnelProblem): TunnelStep {
  const { credential, link } = state;
  return {
    state: { phase: 'rejected', credential, link, failures: 0 },
    effects: [
      { type: 'clear_timers' },
      { type: 'set_timer', timer: 'retry', delay: slowly },
      report({ kind: 'rejected', credential, problem }),
    ],
  };
}

export function backOff(
  state: Linked,
  problem: TunnelProblem,
  delay: Delay,
  before: readonly TunnelEffect[],
): TunnelStep {
  const { credential, link, failures } = state;
  return {
    state: { phase: 'backing_off', credential, link, failures: failures + 1 },
    effects: [
      ...before,
      { type: 'clear_timers' },
      { type: 'set_timer', timer: 'retry', delay },
      report({ kind: 'offline', problem }),
    ],
  };
}

export function open(
  lastLink: number,
  credential: TunnelCredential,
  failures: number,
  before: readonly TunnelEffect[] = [],
): TunnelStep {
  const link = lastLink + 1;
  return {
    state: { phase: 'connecting', credential, link, failures },
    effects: [
      ...before,
      { type: 'clear_timers' },
      { type: 'set_timer', timer: 'deadline', delay: exactly(openSecondsMax * 1000) },
      report({ kind: 'connecting' }),
      { type: 'open', link },
    ],
  };
}

export function close(link: number, next: TunnelCredential | undefined, reason: string): TunnelStep {
  return {
    state: { phase: 'closing', link, next },
    effects: [
      { type: 'clear_timers' },
      { type: 'set_timer', timer: 'deadline', delay: exactly(closeSecondsMax * 1000) },
      { type: 'close', link, code: closeCodes.normal, reason },
    ],
  };
}

export function afterClosing(
  link: number,
  next: TunnelCredential | undefined,
  before: readonly TunnelEffect[],
): TunnelStep {
  return next === undefined ? idle(link, before) : open(link, next, 0, before);
}

export function idle(link: number, before: readonly TunnelEffect[]): TunnelStep {
  return {
    state: { phase: 'idle', link },
    effects: [...before, { type: 'clear_timers' }, report({ kind: 'stopped' })],
  };
}

export function stay(state: TunnelState): TunnelStep {
  return { state, effects: [] };
}

export function report(content: TunnelReport): TunnelEffect {
  return { type: 'report', report: content };
}

export function isSame(a: TunnelCredential, b: TunnelCredential): boolean {
  return a.deviceId === b.deviceId && a.apiKey === b.apiKey;
}

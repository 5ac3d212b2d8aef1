import { afterClose, backoffResetSeconds, heartbeatSeconds, missedPongsMax } from '@edgeflow/contract';
import { backoff, exactly } from '../delay.ts';
import { afterSlowDown, closeProblem, rejectionProblem } from './close-problem.ts';
import type {
  TunnelCredential,
  TunnelEvent,
  TunnelEffect,
  TunnelState,
  TunnelStep,
  TunnelTimer,
} from './model.ts';
import {
  afterClosing,
  backOff,
  close,
  idle,
  isSame,
  open,
  openSecondsMax,
  rejected,
  report,
  stay,
} from './transitions.ts';

/**
 * The connection to one cloud as a pure machine: connecting → authenticating → online ⇄ backing_off, without end.
 *
 * Guarantees, whatever the order of events:
 * - at most one link (socket) is alive; what a former link still says changes nothing;
 * - `send_connect` follows `opened` of the same link, and nothing else is sent before `connected`;
 * - while it has a credential it always waits for a timer or a socket, so it never stops trying;
 * - a credential is changed only by `use`, never by what the cloud says.
 */

const connectedSecondsMax = 15;

export const initialTunnelState: TunnelState = { phase: 'idle', link: 0 };

export function stepTunnel(state: TunnelState, event: TunnelEvent): TunnelStep {
  switch (event.type) {
    case 'use':
      return use(state, event.credential);
    case 'use_later':
      return state.phase === 'rejected' ? stay({ ...state, credential: event.credential }) : stay(state);
    case 'stop':
      return stop(state);
    case 'timer':
      return onTimer(state, event.timer);
    case 'opened':
    case 'connected':
    case 'error_frame':
    case 'pong':
    case 'closed':
      return event.link === state.link ? onLink(state, event) : stay(state);
  }
}

type LinkEvent = Extract<TunnelEvent, { readonly link: number }>;

function onLink(state: TunnelState, event: LinkEvent): TunnelStep {
  switch (event.type) {
    case 'opened':
      return state.phase === 'connecting' ? opened(state) : stay(state);
    case 'connected':
      return state.phase === 'authenticating' ? connected(state, event.deviceId) : stay(state);
    case 'error_frame':
      return state.phase === 'authenticating' || state.phase === 'online'
        ? stay({ ...state, errorText: event.text })
        : stay(state);
    case 'pong':
      return state.phase === 'online' ? stay({ ...state, pingsUnanswered: 0 }) : stay(state);
    case 'closed':
      return closed(state, event);
  }
}

function use(state: TunnelState, credential: TunnelCredential): TunnelStep {
  switch (state.phase) {
    case 'idle':
    case 'backing_off':
    case 'rejected':
      return open(state.link, credential, 0);
    case 'connecting':
      if (isSame(state.credential, credential)) return stay(state);
      return open(state.link, credential, 0, [{ type: 'terminate', link: state.link }]);
    case 'authenticating':
    case 'online':
      if (isSame(state.credential, credential)) return stay(state);
      return close(state.link, credential, 'reconnecting with another key');
    case 'closing':
      return stay({ ...state, next: credential });
  }
}

function stop(state: TunnelState): TunnelStep {
  switch (state.phase) {
    case 'idle':
      return { state, effects: [report({ kind: 'stopped' })] };
    case 'backing_off':
    case 'rejected':
      return idle(state.link, []);
    case 'connecting':
      return idle(state.link, [{ type: 'terminate', link: state.link }]);
    case 'authenticating':
    case 'online':
      return close(state.link, undefined, 'stopping');
    case 'closing':
      return stay({ ...state, next: undefined });
  }
}

function onTimer(state: TunnelState, timer: TunnelTimer): TunnelStep {
  switch (timer) {
    case 'retry':
      return state.phase === 'backing_off' || state.phase === 'rejected'
        ? open(state.link, state.credential, state.failures)
        : stay(state);
    case 'heartbeat':
      return state.phase === 'online' ? heartbeat(state) : stay(state);
    case 'steady':
      return state.phase === 'online' ? stay({ ...state, failures: 0 }) : stay(state);
    case 'deadline':
      return onDeadline(state);
  }
}

function onDeadline(state: TunnelState): TunnelStep {
  const terminate: TunnelEffect = { type: 'terminate', link: state.link };
  switch (state.phase) {
    case 'connecting': {
      const message = `No connection after ${String(openSecondsMax)} seconds.`;
      return backOff(state, { code: 'cloud_unreachable', message }, backoff(state.failures), [terminate]);
    }
    case 'authenticating': {
      const message = `The cloud accepted the connection but no "connected" came within ${String(connectedSecondsMax)} seconds.`;
      return backOff(state, { code: 'tunnel_silent', message }, backoff(state.failures), [terminate]);
    }
    case 'closing':
      return afterClosing(state.link, state.next, [terminate]);
    case 'idle':
    case 'online':
    case 'backing_off':
    case 'rejected':
      return stay(state);
  }
}

type Phase<P extends TunnelState['phase']> = Extract<TunnelState, { readonly phase: P }>;

function opened(state: Phase<'connecting'>): TunnelStep {
  return {
    state: { ...state, phase: 'authenticating' },
    effects: [
      { type: 'send_connect', link: state.link, credential: state.credential },
      { type: 'set_timer', timer: 'deadline', delay: exactly(connectedSecondsMax * 1000) },
    ],
  };
}

function connected(state: Phase<'authenticating'>, deviceId: string): TunnelStep {
  if (deviceId !== state.credential.deviceId) {
    const message = `The cloud answered for device ${deviceId.slice(0, 64)} instead of ${state.credential.deviceId}.`;
    return backOff(state, { code: 'answer_malformed', message }, backoff(state.failures), [
      // Not a close, which would leave the socket alive while the next one opens.
      { type: 'terminate', link: state.link },
    ]);
  }
  const { credential, link, failures } = state;
  return {
    // The first ping goes out at once, so that the device can show a heartbeat as soon as it is online.
    state: { phase: 'online', credential, link, failures, pingsUnanswered: 1 },
    effects: [
      { type: 'clear_timers' },
      { type: 'send_ping', link },
      { type: 'set_timer', timer: 'heartbeat', delay: exactly(heartbeatSeconds * 1000) },
      { type: 'set_timer', timer: 'steady', delay: exactly(backoffResetSeconds * 1000) },
      report({ kind: 'online', credential }),
    ],
  };
}

function heartbeat(state: Phase<'online'>): TunnelStep {
  if (state.pingsUnanswered >= missedPongsMax) {
    const message = `The cloud left ${String(state.pingsUnanswered)} heartbeats unanswered.`;
    return backOff(state, { code: 'tunnel_silent', message }, backoff(state.failures), [
      { type: 'terminate', link: state.link },
    ]);
  }
  return {
    state: { ...state, pingsUnanswered: state.pingsUnanswered + 1 },
    effects: [
      { type: 'send_ping', link: state.link },
      { type: 'set_timer', timer: 'heartbeat', delay: exactly(heartbeatSeconds * 1000) },
    ],
  };
}

function closed(state: TunnelState, event: Extract<TunnelEvent, { type: 'closed' }>): TunnelStep {
  switch (state.phase) {
    case 'idle':
    case 'backing_off':
    case 'rejected':
      return stay(state);
    case 'closing':
      return afterClosing(state.link, state.next, []);
    case 'connecting':
    case 'authenticating':
    case 'online':
      break;
  }
  const errorText = 'errorText' in state ? state.errorText : undefined;
  switch (afterClose(event.code)) {
    case 'rejected':
      return rejected(state, rejectionProblem(event.code, event.reason, errorText));
    case 'wait':
      return backOff(state, ...afterSlowDown(event.reason, state.failures, errorText), []);
    case 'reconnect': {
      const problem = event.failure ?? closeProblem(event.code, event.reason, errorText);
      return backOff(state, problem, backoff(state.failures), []);
    }
  }
}

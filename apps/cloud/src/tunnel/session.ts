import {
  type CloseCode,
  closeCodes,
  type CommandFrame,
  connectDeadlineSeconds,
  type ConnectFrame,
  type ErrorCode,
  errorEntry,
  heartbeatSeconds,
  readFrame,
  type ResponseFrame,
  silentHeartbeatsMax,
} from '@edgeflow/contract';

/**
 * One tunnel as a pure state machine: `step(state, event) → {state, effects}`. Times are monotonic milliseconds.
 * It knows no socket, database or clock; the gateway performs the effects.
 */
export type SessionState =
  /** The socket is open and nothing has been said. */
  | { readonly phase: 'waiting'; readonly openedAtMs: number }
  /** `connect` has been said and is being judged. */
  | { readonly phase: 'judging'; readonly openedAtMs: number }
  | { readonly phase: 'open'; readonly admission: Admission; readonly heardAtMs: number }
  | { readonly phase: 'closed' };

/** What the registry granted to this connection. */
export interface Admission {
  readonly deviceId: string;
  readonly organizationId: string;
  readonly credentialId: string;
  readonly epoch: number;
  readonly keyExpiresAtMs: number;
  /** The key has expired: only its rotation may pass. */
  readonly restricted: boolean;
}

export type SessionEvent =
  | { readonly type: 'text'; readonly text: string; readonly nowMs: number }
  | { readonly type: 'binary' }
  | { readonly type: 'admitted'; readonly admission: Admission; readonly nowMs: number }
  | {
      readonly type: 'refused';
      readonly code: ErrorCode;
      /** All that is asked is to stay away for so long. */
      readonly waitSeconds?: number | undefined;
    }
  /** The key has expired, or has been extended, while the tunnel was open. */
  | ({ readonly type: 'key_changed' } & Pick<Admission, 'keyExpiresAtMs' | 'restricted'>)
  | { readonly type: 'tick'; readonly nowMs: number }
  /** The cloud ends it: replaced, refused by an operator, shutting down, evicted. */
  | { readonly type: 'end'; readonly closeCode: CloseCode; readonly reason: string }
  | { readonly type: 'socket_closed'; readonly closeCode: number; readonly reason: string };

export type SessionEffect =
  | { readonly type: 'judge'; readonly frame: ConnectFrame }
  /** Enter the registry; tell the device it is connected. */
  | { readonly type: 'enter'; readonly admission: Admission }
  | { readonly type: 'pong' }
  | { readonly type: 'answered'; readonly frame: ResponseFrame }
  | { readonly type: 'asked'; readonly frame: CommandFrame }
  | { readonly type: 'say_error'; readonly text: string }
  | { readonly type: 'close'; readonly closeCode: CloseCode; readonly reason: string }
  /** Leave the registry, fail what waits for this device, write its departure. */
  | {
      readonly type: 'leave';
      readonly admission: Admission;
      readonly reason: string;
      readonly heardAtMs: number;
    };

export interface Step {
  readonly state: SessionState;
  readonly effects: readonly SessionEffect[];
}

const closed: SessionState = { phase: 'closed' };
const nothing: readonly SessionEffect[] = [];

export function openSession(nowMs: number): SessionState {
  return { phase: 'waiting', openedAtMs: nowMs };
}

export function step(state: SessionState, event: SessionEvent): Step {
  if (state.phase === 'closed') return { state, effects: nothing };
  switch (event.type) {
    case 'text':
      return state.phase === 'open'
        ? stepOpen(state, event.text, event.nowMs)
        : stepBeforeOpen(state, event.text);
    case 'binary':
      return end(state, closeCodes.malformed, 'frames are JSON text, not binary', 'request_malformed');
    case 'admitted': {
      if (state.phase !== 'judging') return { state, effects: nothing };
      const { admission, nowMs } = event;
      return {
        state: { phase: 'open', admission, heardAtMs: nowMs },
        effects: [{ type: 'enter', admission }],
      };
    }
    case 'refused':
      return refuse(state, event.code, event.waitSeconds);
    case 'key_changed': {
      if (state.phase !== 'open') return { state, effects: nothing };
      const { keyExpiresAtMs, restricted } = event;
      const admission = { ...state.admission, keyExpiresAtMs, restricted };
      return { state: { ...state, admission }, effects: nothing };
    }
    case 'tick':
      return stepTick(state, event.nowMs);
    case 'end':
      return end(state, event.closeCode, event.reason);
    case 'socket_closed':
      return { state: closed, effects: leaving(state, describeClose(event.closeCode, event.reason)) };
  }
}

type Alive = Exclude<SessionState, { phase: 'closed' }>;

function stepBeforeOpen(state: Alive, text: string): Step {
  // While a key is judged a device may already send pings; they are neither needed nor wrong.
  if (state.phase !== 'waiting') return { state, effects: nothing };
  const reading = readFrame(text);
  if (reading.kind !== 'frame' || reading.frame.type !== 'connect') {
    const problem = 'problem' in reading ? ` (${reading.problem})` : '';
    return end(
      state,
      closeCodes.malformed,
      `the first frame must be a connect frame${problem}`,
      'request_malformed',
    );
  }
  const { frame } = reading;
  return {
    state: { phase: 'judging', openedAtMs: state.openedAtMs },
    effects: [{ type: 'judge', frame }],
  };
}

function stepOpen(state: Extract<Alive, { phase: 'open' }>, text: string, nowMs: number): Step {
  const reading = readFrame(text);
  const heard: SessionState = { phase: 'open', admission: state.admission, heardAtMs: nowMs };
  if (reading.kind === 'not_a_frame') {
    return end(state, closeCodes.malformed, `a frame is ${reading.problem}`, 'request_malformed');
  }
  // A known type with wrong members is ignored like an unknown type: older devices must stay connected.
  if (reading.kind !== 'frame') return { state: heard, effects: nothing };
  if (reading.deviceId !== undefined && reading.deviceId !== state.admission.deviceId) {
    return end(state, closeCodes.malformed, 'a frame names another device', 'device_mismatch');
  }
  switch (reading.frame.type) {
    case 'ping':
      return { state: heard, effects: [{ type: 'pong' }] };
    case 'response':
      return { state: heard, effects: [{ type: 'answered', frame: reading.frame }] };
    case 'command':
      return { state: heard, effects: [{ type: 'asked', frame: reading.frame }] };
    case 'connect':
    case 'connected':
    case 'error':
    case 'pong':
      return { state: heard, effects: nothing };
  }
}

function stepTick(state: Alive, nowMs: number): Step {
  if (state.phase === 'open') {
    const silentMs = nowMs - state.heardAtMs;
    if (silentMs < silentHeartbeatsMax * heartbeatSeconds * 1000) return { state, effects: nothing };
    return end(state, closeCodes.silent, 'no heartbeat');
  }
  if (state.phase === 'judging' || nowMs - state.openedAtMs < connectDeadlineSeconds * 1000) {
    return { state, effects: nothing };
  }
  const reason = `no connect frame within ${String(connectDeadlineSeconds)} s`;
  return end(state, closeCodes.connectLate, reason, 'request_malformed');
}

/** Closes, saying why first where the device is owed an explanation. */
function end(state: Alive, closeCode: CloseCode, reason: string, code?: ErrorCode): Step {
  return endAs(state, closeCode, { text: reason, reason: code ?? reason, code });
}

/** With 4429 the reason of the close is a number of seconds. */
function refuse(state: Alive, code: ErrorCode, waitSeconds: number | undefined): Step {
  const text = errorEntry(code).title;
  return waitSeconds === undefined
    ? end(state, closeCodeFor(code), text, code)
    : endAs(state, closeCodes.slowDown, { text, reason: String(waitSeconds), code });
}

interface Ending {
  /** In words, for the error frame and the record of the departure. */
  readonly text: string;
  /** Of the close frame. */
  readonly reason: string;
  readonly code: ErrorCode | undefined;
}

function endAs(state: Alive, closeCode: CloseCode, { code, reason, text }: Ending): Step {
  const effects: SessionEffect[] = [];
  if (code !== undefined) effects.push({ type: 'say_error', text: `${code}: ${text}` });
  effects.push({ type: 'close', closeCode, reason });
  return { state: closed, effects: [...effects, ...leaving(state, describeClose(closeCode, text))] };
}

function leaving(state: Alive, reason: string): SessionEffect[] {
  if (state.phase !== 'open') return [];
  return [{ type: 'leave', admission: state.admission, reason, heardAtMs: state.heardAtMs }];
}

function describeClose(closeCode: number, reason: string): string {
  return reason === '' ? String(closeCode) : `${String(closeCode)} ${reason}`;
}

const refusals: Partial<Record<ErrorCode, CloseCode>> = {
  key_rejected: closeCodes.keyRejected,
  device_revoked: closeCodes.deviceRefused,
  device_quarantined: closeCodes.deviceRefused,
  device_deleted: closeCodes.deviceDeleted,
};

/** The close code that tells a device why it is refused; what is no refusal of its key sends it back to try again. */
function closeCodeFor(code: ErrorCode): CloseCode {
  return refusals[code] ?? closeCodes.goingAway;
}

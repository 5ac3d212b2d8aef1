import { type ErrorCode, errorCatalogue } from '@edgeflow/contract';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyText } from '../testing/any-text.ts';
import {
  type Admission,
  openSession,
  type SessionEffect,
  type SessionEvent,
  type SessionState,
  step,
} from './session.ts';

const second = 1000;
const admission: Admission = {
  deviceId: 'dev_abc123xyz',
  organizationId: 'org_1',
  credentialId: 'key_1',
  epoch: 7,
  keyExpiresAtMs: 1_000_000,
  restricted: false,
};
const connect = { type: 'connect', device_id: 'dev_abc123xyz', api_key: 'efk_x', version: '1.0.0' };

const text = (frame: unknown, nowMs = 0): SessionEvent => ({
  type: 'text',
  text: typeof frame === 'string' ? frame : JSON.stringify(frame),
  nowMs,
});
const admitted: SessionEvent = { type: 'admitted', admission, nowMs: 0 };

/** The state after these events, and the effects of the last one. */
function after(...events: readonly SessionEvent[]): {
  state: SessionState;
  effects: readonly SessionEffect[];
} {
  let result: ReturnType<typeof step> = { state: openSession(0), effects: [] };
  for (const event of events) result = step(result.state, event);
  return result;
}

const judging = [text(connect)];
const open = [...judging, admitted];
const closes = (closeCode: number, reason: string): unknown => ({ type: 'close', closeCode, reason });
const says = (words: string): unknown => ({
  type: 'say_error',
  text: expect.stringContaining(words) as string,
});
const leaves = (reason: string, heardAtMs = 0): unknown => ({ type: 'leave', admission, reason, heardAtMs });

describe('before `connect`', () => {
  it('a connect frame is judged, with what it says of itself', () => {
    const { effects, state } = after(text({ ...connect, instance: 'i', boot_id: 'b', colour: 'red' }));
    expect(state.phase).toBe('judging');
    expect(effects).toEqual([{ type: 'judge', frame: { ...connect, instance: 'i', boot_id: 'b' } }]);
  });

  it('a timestamp of any kind does no harm', () => {
    for (const timestamp of [1_772_280_000_000_000_000, '2026-02-21T12:00:00.123456789Z', null, {}]) {
      expect(after(text({ ...connect, timestamp })).state.phase).toBe('judging');
    }
  });

  it.each([
    ['a ping', { type: 'ping' }],
    ['a response', { type: 'response', id: 'cmd_1', status: 'success' }],
    ['a frame of an unknown type', { type: 'hello' }],
    ['what is no JSON', '{'],
    ['what is no object', '"connect"'],
    ['nothing', ''],
    ['a connect frame without a key', { type: 'connect', device_id: 'dev_1' }],
    ['a connect frame with an empty id', { ...connect, device_id: '' }],
    ['a connect frame with a key that is no text', { ...connect, api_key: 7 }],
    ['a connect frame with a key of unbounded length', { ...connect, api_key: 'x'.repeat(513) }],
  ])('%s as the first frame closes with 4400', (_, frame) => {
    const { effects, state } = after(text(frame));
    expect(state.phase).toBe('closed');
    expect(effects).toEqual([
      says('request_malformed: the first frame must be a connect frame'),
      closes(4400, 'request_malformed'),
    ]);
  });

  it('nothing of a refused first frame is repeated', () => {
    const { effects } = after(text({ type: 'connect', device_id: 7, api_key: 'efk_secret' }));
    expect(JSON.stringify(effects)).not.toContain('efk_secret');
  });

  it('ten seconds without a word close with 4408, and not one less', () => {
    expect(after({ type: 'tick', nowMs: 10 * second - 1 }).effects).toEqual([]);
    expect(after({ type: 'tick', nowMs: 10 * second }).effects).toEqual([
      says('no connect frame within 10 s'),
      closes(4408, 'request_malformed'),
    ]);
  });

  it('a socket that closes leaves nothing behind', () => {
    const gone: SessionEvent = { type: 'socket_closed', closeCode: 1006, reason: '' };
    expect(after(gone)).toEqual({ state: { phase: 'closed' }, effects: [] });
  });
});

describe('while the key is judged', () => {
  it('nothing that is said counts, and no deadline runs', () => {
    for (const event of [text({ type: 'ping' }), text(connect), text('{'), text({ type: 'x' })]) {
      expect(after(...judging, event)).toMatchObject({ state: { phase: 'judging' }, effects: [] });
    }
    expect(after(...judging, { type: 'tick', nowMs: 3600 * second }).effects).toEqual([]);
  });

  it('an admission enters, heard at that moment', () => {
    const { effects, state } = after(...judging, { ...admitted, nowMs: 5 });
    expect(effects).toEqual([{ type: 'enter', admission }]);
    expect(state).toEqual({ phase: 'open', admission, heardAtMs: 5 });
  });

  it('a socket that closes makes the admission come to nothing', () => {
    const gone: SessionEvent = { type: 'socket_closed', closeCode: 1006, reason: '' };
    expect(after(...judging, gone, admitted)).toEqual({ state: { phase: 'closed' }, effects: [] });
  });

  it.each<[ErrorCode, number]>([
    ['key_rejected', 4401],
    ['device_revoked', 4403],
    ['device_quarantined', 4403],
    ['device_deleted', 4404],
    ['unavailable', 1001],
    ['internal', 1001],
  ])('the refusal %s is said in words and closes with %i', (code, closeCode) => {
    expect(after(...judging, { type: 'refused', code }).effects).toEqual([
      says(`${code}: ${errorCatalogue[code].title}`),
      closes(closeCode, code),
    ]);
  });

  it('that asks to stay away says why in the error frame, and for how long in the close', () => {
    const event = { type: 'refused', code: 'clone_suspected', waitSeconds: 300 } as const;
    expect(after(...judging, event)).toEqual({
      state: { phase: 'closed' },
      effects: [says('clone_suspected: Another device'), closes(4429, '300')],
    });
  });
});

describe('an open tunnel', () => {
  it.each([
    ['a bare ping', { type: 'ping' }],
    ['a ping that names its own device', { type: 'ping', device_id: 'dev_abc123xyz' }],
    ['a ping with a time in nanoseconds', { type: 'ping', timestamp: 1_772_280_000_000_000_000 }],
    ['a ping with members nobody knows', { type: 'ping', id: 7, data: [], payload: null }],
  ])('answers %s', (_, frame) => {
    const { effects, state } = after(...open, text(frame, 500));
    expect(effects).toEqual([{ type: 'pong' }]);
    expect(state).toMatchObject({ heardAtMs: 500 });
  });

  it('hands on a response, and a command of the device', () => {
    const response = { type: 'response', id: 'cmd_1', status: 'error', error: 'no' };
    expect(after(...open, text(response)).effects).toEqual([{ type: 'answered', frame: response }]);
    const command = { type: 'command', id: 'c', action: 'reboot', payload: [1] };
    expect(after(...open, text(command)).effects).toEqual([{ type: 'asked', frame: command }]);
  });

  it.each([
    ['an unknown type', { type: 'telemetry', data: 1 }],
    ['a response whose status is unknown', { type: 'response', id: 'cmd_1', status: 'maybe' }],
    ['a response without an id', { type: 'response', status: 'success' }],
    ['a command without an action', { type: 'command', id: 'c' }],
    ['a second connect', connect],
    ['a pong', { type: 'pong' }],
    ['an error', { type: 'error', error: 'x' }],
    ['connected', { type: 'connected', device_id: 'dev_abc123xyz' }],
  ])('ignores %s, but has heard it', (_, frame) => {
    const { effects, state } = after(...open, text(frame, 77));
    expect(effects).toEqual([]);
    expect(state).toMatchObject({ phase: 'open', heardAtMs: 77 });
  });

  it.each([
    ['no JSON', 'ping'],
    ['no object', '[]'],
    ['an object without a type', '{}'],
    ['an object whose type is no text', { type: 1 }],
  ])('closes with 4400 on %s', (_, frame) => {
    const { effects } = after(...open, text(frame, 9));
    expect(effects).toEqual([
      says('request_malformed: a frame is not'),
      closes(4400, 'request_malformed'),
      leaves(expect.stringMatching(/^4400 a frame is not/) as string),
    ]);
  });

  it.each([{ type: 'ping' }, { type: 'response', id: 'cmd_1', status: 'success' }, connect])(
    'closes with 4400 on a frame that names another device: %j',
    (frame) => {
      const { effects } = after(...open, text({ ...frame, device_id: 'dev_other' }));
      expect(effects).toEqual([
        says('device_mismatch'),
        closes(4400, 'device_mismatch'),
        leaves('4400 a frame names another device'),
      ]);
    },
  );

  it('closes with 4400 on a binary frame, as before `connect`', () => {
    expect(after({ type: 'binary' }).effects).toContainEqual(closes(4400, 'request_malformed'));
    expect(after(...judging, { type: 'binary' }).effects).toContainEqual(closes(4400, 'request_malformed'));
    expect(after(...open, { type: 'binary' }).effects).toEqual([
      says('not binary'),
      closes(4400, 'request_malformed'),
      leaves('4400 frames are JSON text, not binary'),
    ]);
  });

  it('closes with 4410 after three silent heartbeats, counted from the last frame', () => {
    const spoke = text({ type: 'anything' }, 20 * second);
    expect(after(...open, spoke, { type: 'tick', nowMs: 110 * second - 1 }).effects).toEqual([]);
    expect(after(...open, spoke, { type: 'tick', nowMs: 110 * second }).effects).toEqual([
      closes(4410, 'no heartbeat'),
      leaves('4410 no heartbeat', 20 * second),
    ]);
  });

  it('ends as the cloud says, and tells why it left', () => {
    const end: SessionEvent = { type: 'end', closeCode: 4409, reason: 'replaced' };
    expect(after(...open, end).effects).toEqual([closes(4409, 'replaced'), leaves('4409 replaced')]);
  });

  it('leaves when its socket closes, with the words of the other end', () => {
    const gone = (closeCode: number, reason: string): SessionEvent => ({
      type: 'socket_closed',
      closeCode,
      reason,
    });
    expect(after(...open, gone(1006, '')).effects).toEqual([leaves('1006')]);
    expect(after(...open, gone(1000, 'bye')).effects).toEqual([leaves('1000 bye')]);
  });

  it('keeps what became of its key, and nothing else changes by it', () => {
    const changed: SessionEvent = { type: 'key_changed', keyExpiresAtMs: 2_000_000, restricted: true };
    const { effects, state } = after(...open, changed);
    expect(effects).toEqual([]);
    expect(state).toEqual({
      phase: 'open',
      admission: { ...admission, keyExpiresAtMs: 2_000_000, restricted: true },
      heardAtMs: 0,
    });
    expect(after(...judging, changed).state.phase).toBe('judging');
  });

  it('is admitted once', () => {
    const again: SessionEvent = { ...admitted, admission: { ...admission, deviceId: 'dev_2' } };
    expect(after(...open, again)).toMatchObject({
      state: { admission: { deviceId: 'dev_abc123xyz' } },
      effects: [],
    });
  });
});

describe('in whatever order things happen', () => {
  const anyCode = fc.constantFrom<ErrorCode>(
    'key_rejected',
    'device_revoked',
    'device_deleted',
    'unavailable',
  );
  const anyWords = fc.oneof(
    fc.constantFrom(
      JSON.stringify(connect),
      '{"type":"ping"}',
      '{"type":"ping","device_id":"dev_other"}',
      '{"type":"response","id":"cmd_1","status":"success"}',
      '{"type":"command","id":"c","action":"a"}',
      '{"type":"unknown"}',
      '{',
    ),
    fc.json(),
    anyText,
  );
  const anyTime = fc.nat(200 * second);
  const anyEvent: fc.Arbitrary<SessionEvent> = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ type: fc.constant('text' as const), text: anyWords, nowMs: anyTime }),
    },
    { weight: 4, arbitrary: fc.constant(admitted) },
    { weight: 2, arbitrary: fc.record({ type: fc.constant('tick' as const), nowMs: anyTime }) },
    { weight: 1, arbitrary: fc.constant<SessionEvent>({ type: 'binary' }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('refused' as const), code: anyCode }) },
    {
      weight: 1,
      arbitrary: fc.record({
        type: fc.constant('key_changed' as const),
        keyExpiresAtMs: anyTime,
        restricted: fc.boolean(),
      }),
    },
    { weight: 1, arbitrary: fc.constant<SessionEvent>({ type: 'end', closeCode: 1001, reason: 'x' }) },
    {
      weight: 1,
      arbitrary: fc.constant<SessionEvent>({ type: 'socket_closed', closeCode: 1006, reason: '' }),
    },
  );

  it('a session is judged once at most, enters only then, leaves as often as it entered, and rests once closed', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 30 }), (events) => {
        let state = openSession(0);
        const seen: string[] = [];
        for (const event of events) {
          const before = state;
          const result = step(state, event);
          state = result.state;
          if (before.phase === 'closed') expect(result).toEqual({ state: before, effects: [] });
          for (const effect of result.effects) {
            if (effect.type === 'enter') expect(seen).toContain('judge');
            if (effect.type === 'close' || effect.type === 'leave') expect(state.phase).toBe('closed');
            seen.push(effect.type);
          }
        }
        const count = (type: string): number => seen.filter((one) => one === type).length;
        expect(count('judge')).toBeLessThanOrEqual(1);
        expect(count('enter')).toBeLessThanOrEqual(count('judge'));
        expect(count('close')).toBeLessThanOrEqual(1);
        expect(count('leave')).toBe(state.phase === 'closed' ? count('enter') : 0);
        if (state.phase === 'open') expect(count('enter')).toBe(1);
      }),
      { numRuns: 1000 },
    );
  });

  it('close reasons fit into a close frame (123 bytes of UTF-8)', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 10 }), (events) => {
        let state = openSession(0);
        for (const event of events) {
          const result = step(state, event);
          state = result.state;
          for (const effect of result.effects) {
            if (effect.type === 'close') expect(Buffer.byteLength(effect.reason)).toBeLessThanOrEqual(123);
          }
        }
      }),
    );
  });
});

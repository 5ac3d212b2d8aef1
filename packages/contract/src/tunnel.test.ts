import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { frameBytesMax } from './limits.ts';
import { readFrame } from './tunnel.ts';
import { anyText } from './testing/any-text.ts';

const nanoseconds = 1_771_675_200_123_456_789n;
const anyTimestamp = fc.oneof(fc.jsonValue(), fc.constant(Number(nanoseconds)));

const frames = {
  connect: { type: 'connect', device_id: 'dev_abc123xyz', api_key: 'efk_opaque', version: '1.0.0' },
  connected: { type: 'connected', device_id: 'dev_abc123xyz' },
  error: { type: 'error', error: 'key_rejected: This device id and API key are not known together' },
  ping: { type: 'ping' },
  pong: { type: 'pong' },
  command: { type: 'command', id: 'cmd_1', action: 'health_check', payload: {} },
  response: { type: 'response', id: 'cmd_1', status: 'success', data: { ok: true } },
} as const;
const types = Object.keys(frames) as (keyof typeof frames)[];

function read(value: unknown): ReturnType<typeof readFrame> {
  return readFrame(JSON.stringify(value));
}

describe('a frame', () => {
  it.each(types)('of type %s is read', (type) => {
    expect(read(frames[type])).toMatchObject({ kind: 'frame', frame: frames[type] });
  });

  it.each(types)(
    'of type %s is read whatever its timestamp is, nanoseconds as a number among them',
    (type) => {
      const text = JSON.stringify(frames[type]).replace(/\}$/, `,"timestamp":${nanoseconds}}`);
      expect(readFrame(text)).toMatchObject({ kind: 'frame', frame: frames[type] });
      fc.assert(
        fc.property(anyTimestamp, (timestamp) => {
          expect(read({ ...frames[type], timestamp })).toMatchObject({ kind: 'frame', frame: frames[type] });
        }),
      );
    },
  );

  it.each(types)(
    'of type %s is read with members that this version does not know, which are dropped',
    (type) => {
      const names = fc.string().filter((name) => !(name in frames.connect) && !knownMembers.includes(name));
      fc.assert(
        fc.property(fc.dictionary(names, fc.jsonValue()), (more) => {
          const reading = read({ ...more, ...frames[type] });
          expect(reading).toMatchObject({ kind: 'frame' });
          if (reading.kind === 'frame') expect(reading.frame).toEqual(frames[type]);
        }),
      );
    },
  );

  it('of an unknown type is told apart from a broken one, and its type is cut short', () => {
    expect(read({ type: 'subscribe', whatever: [1] })).toEqual({ kind: 'unknown_type', type: 'subscribe' });
    expect(read({ type: 'toString' })).toEqual({ kind: 'unknown_type', type: 'toString' });
    expect(read({ type: '__proto__' })).toEqual({ kind: 'unknown_type', type: '__proto__' });
    expect(read({ type: 'x'.repeat(1000) })).toEqual({ kind: 'unknown_type', type: 'x'.repeat(64) });
  });

  it('names its sender where it says one, whatever its type', () => {
    expect(read({ type: 'ping', device_id: 'dev_1' })).toMatchObject({ deviceId: 'dev_1' });
    expect(read({ ...frames.response, device_id: 'dev_1' })).toMatchObject({ deviceId: 'dev_1' });
    expect(read({ type: 'ping', device_id: 5 })).toMatchObject({ kind: 'frame', deviceId: undefined });
  });

  it.each([
    ['', '{', 'ping', '"ping"', 'null', '[]', '5', '{}', '{"type":5}', '{"type":null}', '["type"]', '\u0000'],
  ])('is none when the text is no object with a type', (...texts) => {
    for (const text of texts) expect(readFrame(text), text).toMatchObject({ kind: 'not_a_frame' });
  });

  it.each([
    ['connect without a key', { type: 'connect', device_id: 'dev_1' }, 'api_key'],
    ['connect with an empty id', { type: 'connect', device_id: '', api_key: 'k' }, 'device_id'],
    ['connect with a key of half a kilobyte', { ...frames.connect, api_key: 'k'.repeat(513) }, 'api_key'],
    ['a command without an action', { type: 'command', id: 'cmd_1' }, 'action'],
    ['a response with another status', { type: 'response', id: 'cmd_1', status: 'ok' }, 'status'],
    ['a response without an id', { type: 'response', status: 'success' }, 'id'],
  ])('is malformed, and says where: %s', (_, value, member) => {
    const reading = read(value);
    expect(reading).toMatchObject({ kind: 'malformed', type: value.type });
    expect(reading.kind === 'malformed' && reading.problem).toContain(member);
  });

  it('repeats no value of a malformed connect: the key must not reach a log', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (device_id) => {
        const reading = read({
          type: 'connect',
          device_id,
          api_key: ['efk_secret'],
          version: 'efk_secret'.repeat(99),
        });
        expect(reading.kind).toBe('malformed');
        expect(JSON.stringify(reading)).not.toContain('secret');
      }),
    );
  });

  it('is read without throwing, whatever the text', () => {
    const anything = fc.oneof(
      anyText(),
      fc.json(),
      fc.jsonValue().map((value) => JSON.stringify({ type: 'connect', device_id: value, api_key: value })),
      fc
        .tuple(fc.constantFrom(...types), fc.jsonValue())
        .map(([type, value]) =>
          JSON.stringify({ type, id: value, action: value, payload: value, error: value }),
        ),
    );
    fc.assert(
      fc.property(anything, (text) => {
        expect(['frame', 'unknown_type', 'malformed', 'not_a_frame']).toContain(readFrame(text).kind);
      }),
      { numRuns: 1000 },
    );
  });

  it('as deep as its size allows is refused without exhausting the stack', () => {
    const start = '{"type":"command","id":"cmd_1","action":"x","payload":';
    const depth = Math.floor((frameBytesMax - start.length - 1) / 2);
    const nested = (levels: number): string => `${start}${'['.repeat(levels)}${']'.repeat(levels)}}`;
    expect(readFrame(nested(depth))).toMatchObject({ kind: 'malformed' });
    expect(readFrame(nested(32))).toMatchObject({ kind: 'frame' });
    expect(readFrame('['.repeat(frameBytesMax))).toMatchObject({ kind: 'not_a_frame' });
  });
});

const knownMembers = [
  'id',
  'action',
  'payload',
  'status',
  'data',
  'error',
  'timestamp',
  'instance',
  'boot_id',
];

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventLengthMax, EventStreamParser, type ServerSentEvent } from './sse.ts';

function parse(...pieces: string[]): ServerSentEvent[] {
  const parser = new EventStreamParser();
  return pieces.flatMap((piece) => parser.push(piece));
}

/** Pieces of these lengths, over and over. */
function cutAt(text: string, lengths: readonly number[]): string[] {
  const pieces: string[] = [];
  for (let at = 0; at < text.length;) {
    const length = lengths[pieces.length % lengths.length] ?? 1;
    pieces.push(text.slice(at, at + length));
    at += length;
  }
  return pieces;
}

/** What a field's value may hold: no line end. */
const value = fc.string().map((text) => text.replaceAll(/[\r\n]/g, ''));
const id = fc.stringMatching(/^[0-9]{1,10}$/);
const event = fc.record({
  type: value.filter((type) => type !== ''),
  lines: fc.array(value, { minLength: 1 }),
  id,
});

describe('a stream of events', () => {
  it('is read alike however it is cut and whatever ends its lines', () => {
    const lineEnd = fc.constantFrom('\n', '\r\n', '\r');
    fc.assert(
      fc.property(
        fc.array(event),
        lineEnd,
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        (events, end, cuts) => {
          const text = events
            .map(({ type, lines, id: last }) =>
              [
                `event: ${type}`,
                ...lines.map((line) => `data: ${line}`),
                `id: ${last}`,
                ': comment',
                '',
                '',
              ].join(end),
            )
            .join('');
          const pieces = cutAt(text, cuts);
          // A CR at the very end may be half of a line end: what follows settles it.
          expect(parse(...pieces, ':')).toEqual(
            events.map(({ type, lines, id: last }) => ({ type, data: lines.join('\n'), id: last })),
          );
        },
      ),
    );
  });

  it('is read without throwing, whatever the text', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (pieces) => {
        for (const read of parse(...pieces)) expect(read.type).not.toBe('');
      }),
    );
  });

  it('follows the examples of the standard', () => {
    expect(parse('data: YHOO\ndata: +2\ndata: 10\n\n')).toEqual([
      { type: 'message', data: 'YHOO\n+2\n10', id: '' },
    ]);
    expect(
      parse(': test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n'),
    ).toEqual([
      { type: 'message', data: 'first event', id: '1' },
      { type: 'message', data: 'second event', id: '' },
      { type: 'message', data: ' third event', id: '' },
    ]);
    expect(parse('data\n\ndata\ndata\n\ndata:')).toEqual([
      { type: 'message', data: '', id: '' },
      { type: 'message', data: '\n', id: '' },
    ]);
    expect(parse('event: a\ndata: 1\n\ndata: 2\n\n').map(({ type }) => type)).toEqual(['a', 'message']);
    expect(parse('\ufeffdata: after a byte order mark\n\n')).toHaveLength(1);
  });

  it('never gives an event that the stream broke off in', () => {
    expect(parse('id: 7\ndata: half')).toEqual([]);
    expect(parse('id: 7\ndata: whole but for its blank line\n')).toEqual([]);
  });

  it('remembers an id that came without an event: a reader resumes after it', () => {
    const parser = new EventStreamParser('3');
    expect(parser.lastEventId).toBe('3');
    expect(parser.push('id: 7\n\n')).toEqual([]);
    expect(parser.lastEventId).toBe('7');
    parser.push('id: 8\u0000\n\n');
    expect(parser.lastEventId).toBe('7');
  });

  it('gives up on an event that never ends, in one line or many', () => {
    expect(() => parse('data: '.padEnd(eventLengthMax + 1, 'x'))).toThrow(RangeError);
    const half = `data: ${'x'.repeat(eventLengthMax / 2)}\n`;
    expect(() => parse(half, half, half)).toThrow(RangeError);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SentFrames } from './sent-frames.ts';

const upgrade = Buffer.from('HTTP/1.1 101 Switching Protocols\r\n\r\n');

function frame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  const size =
    length < 126
      ? [length]
      : length < 0x1_0000
        ? [126, length >> 8, length & 0xff]
        : [127, 0, 0, 0, 0, 0, length >> 16, (length >> 8) & 0xff, length & 0xff];
  return Buffer.concat([Buffer.from([0x80 | opcode, ...size]), payload]);
}

describe('frames that a server has sent', () => {
  it('are read from whatever pieces they were written in', () => {
    const length = fc.oneof(fc.nat({ max: 200 }), fc.constantFrom(125, 126, 65_535, 65_536));
    const frames = fc.array(fc.record({ opcode: fc.constantFrom(1, 8, 9, 10), length }), { maxLength: 6 });
    fc.assert(
      fc.property(frames, fc.array(fc.integer({ min: 1, max: 70_000 })), (sent, cuts) => {
        const bytes = Buffer.concat(sent.map((one) => frame(one.opcode, Buffer.alloc(one.length, 0x88))));
        const reader = new SentFrames();
        expect(reader.add(upgrade)).toEqual([]);
        const heard: { opcode: number; length: number }[] = [];
        let from = 0;
        for (const cut of [...cuts, bytes.length]) {
          const pieces = reader.add(bytes.subarray(from, from + cut));
          heard.push(...pieces.map(({ opcode, payload }) => ({ opcode, length: payload.length })));
          from += cut;
        }
        expect(heard).toEqual(sent);
      }),
    );
  });

  it('are no frames of an answer that is not an upgrade', () => {
    const reader = new SentFrames();
    expect(reader.add(Buffer.from('HTTP/1.1 200 OK\r\n\r\n'))).toEqual([]);
    expect(reader.add(frame(8, Buffer.alloc(2)))).toEqual([]);
  });

  it('regression, seed 100000139: the random payload of a ping that begins like a close is no close', () => {
    const reader = new SentFrames();
    reader.add(upgrade);
    expect(reader.add(Buffer.from([0x89, 8]))).toEqual([]);
    const payload = Buffer.from('8874df4c3c4ae300', 'hex');
    expect(reader.add(payload)).toEqual([{ opcode: 9, payload }]);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteCollector } from './byte-collector.ts';

const pieces = fc.array(fc.uint8Array({ maxLength: 700 }), { maxLength: 20 });

describe('bytes that come in pieces', () => {
  it('are all there, in order, whatever the pieces, up to the bound', () => {
    fc.assert(
      fc.property(pieces, fc.nat({ max: 5_000 }), (all, bytesMax) => {
        const collector = new ByteCollector(bytesMax);
        const taken: number[] = [];
        for (const piece of all) {
          const fits = taken.length + piece.length <= bytesMax;
          expect(collector.add(piece)).toBe(fits);
          if (fits) taken.push(...piece);
          expect(collector.length).toBe(taken.length);
        }
        expect([...collector.bytes()]).toEqual(taken);
      }),
    );
  });

  it('one by one cost what they are, not an object each', () => {
    const collector = new ByteCollector(16_384);
    for (let sent = 0; sent < 16_384; sent += 1) expect(collector.add(Uint8Array.of(sent & 0xff))).toBe(true);
    expect(collector.add(Uint8Array.of(0))).toBe(false);
    expect(collector.bytes().buffer.byteLength).toBe(16_384);
  });

  it('are a copy: what the sender’s buffer holds later does not matter', () => {
    const collector = new ByteCollector(4);
    const piece = Uint8Array.of(1, 2);
    collector.add(piece);
    piece.fill(9);
    expect([...collector.bytes()]).toEqual([1, 2]);
  });
});

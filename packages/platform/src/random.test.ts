import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pooled, type Random, randomHex, uniformFloat, uniformInt } from './random.ts';
import { systemRandom } from './real/system.ts';
import { SeededRandom } from './simulated/random.ts';

/** Gives the bytes of `text`, hexadecimal, then fails: what a function takes is exactly what it asks for. */
function scripted(text: string): Random {
  const bytes = Buffer.from(text, 'hex');
  let taken = 0;
  return {
    bytes: (length) => {
      if (taken + length > bytes.length) throw new Error('more bytes asked for than scripted');
      taken += length;
      return Uint8Array.from(bytes.subarray(taken - length, taken));
    },
  };
}

function word(value: number): string {
  return value.toString(16).padStart(8, '0');
}

describe('a uniform integer', () => {
  it('is in range, for every bound and every source', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 32 }), fc.nat(), (bound, seed) => {
        const value = uniformInt(new SeededRandom(seed), bound);
        expect(Number.isInteger(value)).toBe(true);
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThan(bound);
      }),
    );
  });

  it('throws away exactly the incomplete last range, so that every result has equally many words', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 32 }), (bound) => {
        const limit = 2 ** 32 - (2 ** 32 % bound);
        expect(limit % bound).toBe(0);
        expect(uniformInt(scripted(word(limit - 1)), bound)).toBe(bound - 1);
        if (limit < 2 ** 32) {
          expect(uniformInt(scripted(word(limit) + word(2 ** 32 - 1) + word(1)), bound)).toBe(1);
        }
      }),
    );
  });

  it('reads four bytes, most significant first', () => {
    expect(uniformInt(scripted('01020304'), 2 ** 32)).toBe(0x01020304);
  });

  it('has no bound of 0, a fraction, or more than 32 bits', () => {
    for (const bound of [0, -1, 1.5, 2 ** 32 + 1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => uniformInt(systemRandom, bound), String(bound)).toThrow(RangeError);
    }
  });
});

describe('a uniform number in [0, 1)', () => {
  it('is 53 random bits, none of them lost to rounding', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 7, maxLength: 7 }), (bytes) => {
        const text = Buffer.from(bytes).toString('hex');
        const bits = BigInt.asUintN(53, BigInt(`0x${text}`));
        expect(uniformFloat(scripted(text))).toBe(Number(bits) / 2 ** 53);
      }),
    );
  });

  it('reaches 0 and stays below 1', () => {
    expect(uniformFloat(scripted('00000000000000'))).toBe(0);
    expect(uniformFloat(scripted('ffffffffffffff'))).toBe(1 - 2 ** -53);
  });
});

describe('random hexadecimal', () => {
  it('is two lower-case digits a byte', () => {
    expect(randomHex(scripted('00ff0a'), 3)).toBe('00ff0a');
    expect(randomHex(systemRandom, 16)).toMatch(/^[0-9a-f]{32}$/);
  });
});

describe("the operating system's random numbers", () => {
  it('come in the length asked for, and differ each time', () => {
    expect(systemRandom.bytes(32)).toHaveLength(32);
    expect(Buffer.from(systemRandom.bytes(32)).equals(systemRandom.bytes(32))).toBe(false);
  });
});

describe('pooled bytes', () => {
  it('are those of the source, each given out once', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 5_000 }), { maxLength: 20 }), (lengths) => {
        const drawn: number[] = [];
        const source: Random = {
          bytes: (length) => {
            const start = drawn.length;
            for (let i = 0; i < length; i += 1) drawn.push(start + i);
            return Uint8Array.from(drawn.slice(start), (value) => value & 0xff);
          },
        };
        const { bytes } = pooled(source);
        const given = lengths.map((length) => bytes(length));
        expect(given.map(({ length }) => length)).toEqual(lengths);
        // No two share memory: what was handed on stays as it is.
        const buffers = new Set(given.map(({ buffer }) => buffer));
        expect(buffers.size).toBe(lengths.length);
      }),
    );
  });

  it('ask the source once for many ids', () => {
    let calls = 0;
    const { bytes } = pooled({ bytes: (length) => ((calls += 1), new Uint8Array(length)) });
    for (let i = 0; i < 400; i += 1) bytes(10);
    expect(calls).toBe(1);
  });
});

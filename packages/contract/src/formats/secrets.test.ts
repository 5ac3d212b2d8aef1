import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyText } from '../testing/any-text.ts';
import {
  formatApiKey,
  formatOperatorToken,
  isMasked,
  isWellFormedApiKey,
  isWellFormedOperatorToken,
  maskSecret,
} from './secrets.ts';

const secret = fc.uint8Array({ minLength: 32, maxLength: 32 });
const kinds = [
  { name: 'an API key', prefix: 'efk_', format: formatApiKey, isWellFormed: isWellFormedApiKey },
  {
    name: 'an operator token',
    prefix: 'edgeflow_',
    format: formatOperatorToken,
    isWellFormed: isWellFormedOperatorToken,
  },
];
const visibleAscii = Array.from({ length: 94 }, (_, index) => String.fromCharCode(0x21 + index));

function replaced(text: string, at: number, character: string): string {
  return text.slice(0, at) + character + text.slice(at + 1);
}

describe.each(kinds)('$name', ({ prefix, format, isWellFormed }) => {
  it('is its prefix, 43 base62 characters and 6 of checksum', () => {
    fc.assert(
      fc.property(secret, (bytes) => {
        const text = format(bytes);
        expect(text).toMatch(new RegExp(`^${prefix}[0-9A-Za-z]{49}$`));
        expect(isWellFormed(text)).toBe(true);
      }),
    );
  });

  it('carries the CRC-32 of prefix and body, most significant digit first', () => {
    fc.assert(
      fc.property(secret, (bytes) => {
        const text = format(bytes);
        let value = 0;
        for (const digit of text.slice(-6)) {
          value =
            value * 62 + '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'.indexOf(digit);
        }
        expect(value).toBe(crc32(text.slice(0, -6)));
      }),
    );
  });

  it('is recognised as wrong after any single wrong character, at every position', () => {
    fc.assert(
      fc.property(secret, (bytes) => {
        const text = format(bytes);
        const accepted: string[] = [];
        for (let at = 0; at < text.length; at += 1) {
          for (const character of visibleAscii) {
            if (character === text[at]) continue;
            const wrong = replaced(text, at, character);
            if (isWellFormed(wrong)) accepted.push(wrong);
          }
        }
        expect(accepted).toEqual([]);
      }),
      { numRuns: 20 },
    );
  });

  it('is recognised as wrong after any swap of unequal neighbours', () => {
    fc.assert(
      fc.property(secret, (bytes) => {
        const text = format(bytes);
        for (let at = 0; at + 1 < text.length; at += 1) {
          const [left = '', right = ''] = text.slice(at, at + 2);
          if (left === right) continue;
          const swapped = replaced(replaced(text, at, right), at + 1, left);
          expect(isWellFormed(swapped), swapped).toBe(false);
        }
      }),
    );
  });

  it('is recognised as wrong when a character is missing, doubled, or is no base62 character', () => {
    const text = format(new Uint8Array(32).fill(7));
    expect(isWellFormed(text.slice(0, -1))).toBe(false);
    expect(isWellFormed(`${text}0`)).toBe(false);
    expect(isWellFormed(`${text}\n`)).toBe(false);
    expect(isWellFormed(replaced(text, 20, '\u{2460}'))).toBe(false);
    expect(isWellFormed('')).toBe(false);
  });

  it('cannot be read as the other kind', () => {
    const text = format(new Uint8Array(32));
    const accepting = kinds.filter((kind) => kind.isWellFormed(text));
    expect(accepting.map((kind) => kind.prefix)).toEqual([prefix]);
  });

  it('is never made from fewer or more than 32 bytes', () => {
    expect(() => format(new Uint8Array(31))).toThrow(RangeError);
    expect(() => format(new Uint8Array(33))).toThrow(RangeError);
  });

  it('is checked without throwing, whatever the text', () => {
    fc.assert(
      fc.property(anyText(), (text) => {
        expect(isWellFormed(prefix + text)).toBe(false);
      }),
    );
  });
});

describe('a masked secret', () => {
  it('shows the first eight and the last four characters and nothing between', () => {
    fc.assert(
      fc.property(secret, (bytes) => {
        const key = formatApiKey(bytes);
        expect(maskSecret(key)).toBe(`${key.slice(0, 8)}…${key.slice(-4)}`);
        expect(isMasked(maskSecret(key))).toBe(true);
        expect(isMasked(key)).toBe(false);
      }),
    );
  });

  it('hides a short secret whole', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 23 }), (short) => {
        expect(maskSecret(short)).toBe('…');
      }),
    );
  });

  it('is recognised in the forms that older devices print', () => {
    expect(isMasked('efk_A1b2...wXyZ')).toBe(true);
    expect(isMasked('efk_****wXyZ')).toBe(true);
  });
});

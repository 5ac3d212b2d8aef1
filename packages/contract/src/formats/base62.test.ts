import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { base62, bytesToBase62 } from './base62.ts';

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const secretLength = 43;
const thirtyTwoBytes = fc.uint8Array({ minLength: 32, maxLength: 32 });

/** The slow and obvious way back. */
function decode(text: string): bigint {
  return [...text].reduce((value, digit) => value * 62n + BigInt(digits.indexOf(digit)), 0n);
}

function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex') || '0'}`);
}

describe('base 62 of bytes', () => {
  it('writes 32 zero bytes as 43 zeros', () => {
    expect(bytesToBase62(new Uint8Array(32), secretLength)).toBe('0'.repeat(secretLength));
  });

  it('writes 32 bytes of 0xff exactly, in 43 digits', () => {
    const text = bytesToBase62(new Uint8Array(32).fill(0xff), secretLength);
    expect(text).toHaveLength(secretLength);
    expect(decode(text)).toBe(2n ** 256n - 1n);
  });

  it('keeps every bit of any 32 bytes, in 43 digits', () => {
    fc.assert(
      fc.property(thirtyTwoBytes, (bytes) => {
        const text = bytesToBase62(bytes, secretLength);
        expect(text).toMatch(/^[0-9A-Za-z]{43}$/);
        expect(decode(text)).toBe(numberOf(bytes));
      }),
    );
  });

  it('keeps inner zeros where a block of digits begins with them', () => {
    const value = 7n * 62n ** 24n + 5n;
    const bytes = Buffer.from(value.toString(16).padStart(64, '0'), 'hex');
    expect(bytesToBase62(bytes, secretLength)).toBe(`${'0'.repeat(18)}7${'0'.repeat(23)}5`);
  });
});

describe('base 62 of a number', () => {
  it('is exact for every safe integer', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => {
        expect(decode(base62(value, 9))).toBe(BigInt(value));
      }),
    );
  });

  it('pads to the length asked for: six digits hold every 32-bit checksum', () => {
    expect(base62(0, 6)).toBe('000000');
    expect(base62(61, 6)).toBe('00000z');
    expect(base62(2 ** 32 - 1, 6)).toBe('4gfFC3');
  });
});

import { crc32 as zlibCrc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32 } from './crc32.ts';

describe('CRC-32/IEEE', () => {
  it('has the check value that its catalogue entry gives', () => {
    expect(crc32('123456789').toString(16)).toBe('cbf43926');
  });

  it('is 0 for the empty text', () => {
    expect(crc32('')).toBe(0);
  });

  it('agrees with zlib on every ASCII text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii', maxLength: 300 }), (text) => {
        expect(crc32(text)).toBe(zlibCrc32(text));
      }),
    );
  });
});

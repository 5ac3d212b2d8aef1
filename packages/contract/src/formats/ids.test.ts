import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type IdKind, idPrefixes, isId, makeId } from './ids.ts';

const kinds = Object.keys(idPrefixes) as IdKind[];
const tenBytes = fc.uint8Array({ minLength: 10, maxLength: 10 });

/** The bits of an id's characters, read back the obvious way. */
function decode(text: string): bigint {
  return [...text].reduce((value, symbol) => {
    const digit = '0123456789abcdefghjkmnpqrstvwxyz'.indexOf(symbol);
    expect(digit).toBeGreaterThanOrEqual(0);
    return value * 32n + BigInt(digit);
  }, 0n);
}

describe('an id', () => {
  it('asks for exactly 80 random bits', () => {
    const asked: number[] = [];
    makeId('device', (length) => {
      asked.push(length);
      return new Uint8Array(length);
    });
    expect(asked).toEqual([10]);
  });

  it('holds every one of its 80 random bits, in 16 characters', () => {
    fc.assert(
      fc.property(tenBytes, (bytes) => {
        const symbols = makeId('device', () => bytes).slice('dev_'.length);
        expect(symbols).toHaveLength(16);
        expect(decode(symbols)).toBe(BigInt(`0x${Buffer.from(bytes).toString('hex')}`));
      }),
    );
  });

  it('is recognised as its own kind and as no other', () => {
    fc.assert(
      fc.property(fc.constantFrom(...kinds), tenBytes, (kind, bytes) => {
        const id = makeId(kind, () => bytes);
        expect(kinds.filter((other) => isId(other, id))).toEqual([kind]);
      }),
    );
  });

  it('has a prefix that begins no other prefix', () => {
    const prefixes = Object.values(idPrefixes);
    for (const one of prefixes) expect(prefixes.filter((other) => other.startsWith(one))).toEqual([one]);
  });

  it('is not recognised with a letter outside the alphabet, another case or another length', () => {
    const good = makeId('device', () => new Uint8Array(10).fill(0xa5));
    expect(isId('device', good)).toBe(true);
    for (const letter of 'ilou') expect(isId('device', good.slice(0, -1) + letter)).toBe(false);
    expect(isId('device', good.toUpperCase())).toBe(false);
    expect(isId('device', good.slice(0, -1))).toBe(false);
    expect(isId('device', `${good}0`)).toBe(false);
    expect(isId('device', `${good}\n`)).toBe(false);
    expect(isId('device', 'dev_abc123xyz')).toBe(false);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyText } from '../testing/any-text.ts';
import { displayCode, makeProvisioningCode, parseProvisioningCode } from './provisioning-code.ts';

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const groups = fc.integer({ min: 2, max: 6 });
const symbols = groups.chain((count) =>
  fc.string({ unit: fc.constantFrom(...alphabet), minLength: count * 4, maxLength: count * 4 }),
);
/** What people, keyboards, word processors and mail programs put between and around the symbols. */
const separator = fc.constantFrom(
  ...[
    ' ',
    '-',
    '\t',
    '\n',
    '\r\n',
    '\u2010',
    '\u2011',
    '\u2012',
    '\u2013',
    '\u2014',
    '\u2015',
    '\u2212',
    '\uff0d',
  ],
  ...['\u00a0', '\u2007', '\u2009', '\u202f', '\u3000', '\u00ad', '\u200b', '\u200e', '\u2060', '\ufeff', ''],
);

/** One way to type `text`: separators anywhere, each letter in either case, look-alikes for 0 and 1. */
function typed(text: string): fc.Arbitrary<string> {
  const characters = [...text].map((symbol) =>
    fc
      .tuple(separator, fc.constantFrom(...lookAlikes(symbol)), fc.boolean())
      .map(([before, shown, lower]) => before + (lower ? shown.toLowerCase() : shown)),
  );
  return fc.tuple(fc.tuple(...characters), separator).map(([shown, after]) => shown.join('') + after);
}

function lookAlikes(symbol: string): string[] {
  if (symbol === '0') return ['0', 'O'];
  return symbol === '1' ? ['1', 'I', 'L'] : [symbol];
}

describe('a new provisioning code', () => {
  it('is PROV and groups of four symbols', () => {
    expect(makeProvisioningCode(2, (length) => Uint8Array.from({ length }, (_, index) => index))).toBe(
      'PROV-0123-4567',
    );
    expect(makeProvisioningCode(3, (length) => new Uint8Array(length).fill(255))).toBe('PROV-ZZZZ-ZZZZ-ZZZZ');
  });

  it('takes one random byte a symbol, and each symbol from exactly 8 of the 256 bytes', () => {
    const counts = new Map<string, number>();
    for (let byte = 0; byte < 256; byte += 1) {
      const code = makeProvisioningCode(2, (length) => {
        expect(length).toBe(8);
        return new Uint8Array(length).fill(byte);
      });
      const [symbol = ''] = code.slice('PROV-'.length);
      expect(code).toBe(displayCode(symbol.repeat(8)));
      counts.set(symbol, (counts.get(symbol) ?? 0) + 1);
    }
    expect([...counts.keys()].sort().join('')).toBe(alphabet);
    expect(new Set(counts.values())).toEqual(new Set([8]));
  });

  it('has two to six groups, or is not made', () => {
    for (const count of [2, 3, 4, 5, 6]) {
      expect(makeProvisioningCode(count, (length) => new Uint8Array(length))).toBe(
        `PROV${'-0000'.repeat(count)}`,
      );
    }
    for (const count of [0, 1, 7, 2.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => makeProvisioningCode(count, (length) => new Uint8Array(length))).toThrow(RangeError);
    }
  });

  it('reads back as itself', () => {
    fc.assert(
      fc.property(groups, fc.uint8Array({ minLength: 24, maxLength: 24 }), (count, bytes) => {
        const code = makeProvisioningCode(count, (length) => bytes.slice(0, length));
        const read = parseProvisioningCode(code);
        expect(read).toHaveLength(count * 4);
        expect(displayCode(read ?? '')).toBe(code);
      }),
    );
  });
});

describe('a typed provisioning code', () => {
  it('reads back whatever the case, the look-alikes, the dashes and the spaces, with or without PROV', () => {
    const typing = symbols.chain((text) =>
      fc.tuple(fc.constant(text), fc.oneof(typed(text), typed('PROV').chain(prefixing(text)))),
    );
    fc.assert(
      fc.property(typing, ([text, shown]) => {
        fc.pre(shown.length <= 128);
        // Without PROV before it, a code that people type as PROV… reads as that prefix: it is stripped once.
        fc.pre(!/^PR[0O]V/i.test(text));
        expect(parseProvisioningCode(shown)).toBe(text);
      }),
    );
  });

  it('loses PROV once and no more', () => {
    expect(parseProvisioningCode('PROV-PROV-A1B2')).toBe('PR0VA1B2');
    expect(parseProvisioningCode('PROV-PR0V-A1B2')).toBe('PR0VA1B2');
    expect(parseProvisioningCode('provprova1b2')).toBe('PR0VA1B2');
  });

  it('takes O for 0, I and L for 1', () => {
    expect(parseProvisioningCode('PROV-OoIi-Ll01')).toBe('00111101');
  });

  it('is unreadable with a U, with a letter that only looks right, or with anything else in it', () => {
    for (const text of [
      ...['PROV-A1B2-C3DU', 'PROV-А1B2-C3D4', 'PROV-A1B2-C3Dı', 'PROV-A1B2-C3Dſ', 'PROV-A1B2-C3D４'],
      ...['PROV_A1B2_C3D4', 'PROV-A1B2-C3D4.', 'PROV-A1B2/C3D4', '', 'PROV', '-', 'PROV-XXXX-XX'],
    ]) {
      expect(parseProvisioningCode(text), text).toBeUndefined();
    }
  });

  it('is unreadable with fewer than two or more than six groups', () => {
    expect(parseProvisioningCode('PROV-A1B2')).toBeUndefined();
    expect(parseProvisioningCode(`PROV${'-A1B2'.repeat(7)}`)).toBeUndefined();
  });

  it('is read without throwing, in bounded time, whatever the text', () => {
    fc.assert(
      fc.property(anyText(200), (text) => {
        const read = parseProvisioningCode(text);
        if (read !== undefined) expect(read).toMatch(/^(?:[0-9A-HJKMNP-TV-Z]{4}){2,6}$/);
      }),
    );
    expect(parseProvisioningCode('-'.repeat(10_000_000))).toBeUndefined();
    expect(parseProvisioningCode('\ud800'.repeat(8))).toBeUndefined();
  });

  it('reads the same when it is shown and read again', () => {
    const almost = fc.string({
      unit: fc.constantFrom(...alphabet, 'o', 'i', 'l', 'P', 'V', '-', ' '),
      maxLength: 30,
    });
    fc.assert(
      fc.property(almost, (text) => {
        const read = parseProvisioningCode(text);
        if (read !== undefined) expect(parseProvisioningCode(displayCode(read))).toBe(read);
      }),
    );
  });
});

function prefixing(text: string): (prefix: string) => fc.Arbitrary<string> {
  return (prefix) => typed(text).map((shown) => prefix + shown);
}

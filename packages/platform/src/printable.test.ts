import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printable, printableJson } from './printable.ts';

const dangerous = /[\p{Cc}\u202a-\u202e\u2066-\u2069\u2028\u2029]/u;
const anyText = fc
  .array(
    fc.oneof(
      fc.integer({ min: 0, max: 0xff }),
      fc.integer({ min: 0x2000, max: 0x20ff }),
      fc.nat({ max: 0xffff }),
    ),
  )
  .map((units) => String.fromCharCode(...units));

describe('text from elsewhere', () => {
  it('cannot command a terminal: escapes, bells and reversals become visible', () => {
    expect(printable('\u001b[2Jgone\u0007')).toBe('\\u001b[2Jgone\\u0007');
    expect(printable('\u009b31m')).toBe('\\u009b31m');
    expect(printable('pump\u202egnp.exe')).toBe('pump\\u202egnp.exe');
    fc.assert(
      fc.property(anyText, (text) => {
        expect(printable(text)).not.toMatch(dangerous);
      }),
    );
  });

  it('is otherwise printed as it is', () => {
    for (const text of ['Pumpe Süd 3', '水泵', '🚜', 'naïve – “quoted”']) expect(printable(text)).toBe(text);
  });

  it('in JSON cannot either, and means the same to whoever reads it', () => {
    fc.assert(
      fc.property(fc.dictionary(anyText, fc.oneof(anyText, fc.jsonValue())), (document) => {
        const text = printableJson(document, 2);
        expect(text.replaceAll('\n', '')).not.toMatch(dangerous);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(document)));
      }),
    );
  });
});

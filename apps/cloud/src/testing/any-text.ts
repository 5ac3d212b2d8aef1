import fc from 'fast-check';

/** What neither database can hold, and what looks like JSON, SQL or a pattern. */
const awkward = [
  '',
  '\0',
  '\ud800',
  '\udfff\ud800',
  '\\u0000',
  'null',
  '{"a":1}',
  '[1]',
  '"',
  "'",
  '%',
  '__proto__',
];

/**
 * Any text: every UTF-16 unit, NUL and lone surrogates among them, and what is known to be awkward.
 * (`unit: 'binary'` of fast-check takes seconds to set up.)
 */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...awkward),
  fc
    .array(fc.oneof(fc.integer({ min: 0x20, max: 0x7e }), fc.integer({ min: 0, max: 0xffff })), {
      maxLength: 40,
    })
    .map((units) => String.fromCharCode(...units)),
);

import fc from 'fast-check';

/**
 * Any text that JSON.parse or a person can produce: every UTF-16 unit, unpaired surrogates among them, mixed with
 * the printable ASCII that parsers look for. (`unit: 'binary'` takes seconds to set up.)
 */
export function anyText(lengthMax = 64): fc.Arbitrary<string> {
  const unit = fc.oneof(fc.integer({ min: 0x20, max: 0x7e }), fc.integer({ min: 0, max: 0xffff }));
  return fc.array(unit, { maxLength: lengthMax }).map((units) => String.fromCharCode(...units));
}

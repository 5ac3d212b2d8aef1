import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readCloudAddress } from './address.ts';

const unit = fc.oneof(fc.integer({ min: 0x20, max: 0x7e }), fc.integer({ min: 0, max: 0xffff }));
const anyText = fc.array(unit, { maxLength: 40 }).map((units) => String.fromCharCode(...units));

it('any text is an address in one form, or refused with what to do', () => {
  const text = fc.oneof(
    anyText,
    fc
      .tuple(
        fc.constantFrom('https://', 'wss://', 'http://', ''),
        fc.domain(),
        fc.constantFrom('', ':8443', ':0', '/x/tunnel'),
        anyText,
      )
      .map((parts) => parts.join('')),
    fc.webUrl({ withQueryParameters: true, withFragments: true }),
  );
  fc.assert(
    fc.property(text, fc.option(fc.boolean(), { nil: undefined }), (address, wantsTls) => {
      const reading = readCloudAddress(address, wantsTls);
      if (!reading.ok) expect(reading.nextStep).toMatch(/^[A-Z].*\.$/);
      else {
        expect(readCloudAddress(reading.address.url)).toEqual(reading);
        // Nothing that could end a header line, and no letter that only looks like another.
        expect(reading.address.authority).toMatch(/^[\x21-\x7e]+$/);
        expect(reading.address.url).toMatch(/^https?:\/\/[\x21-\x7e]+$/);
      }
    }),
    { numRuns: 1_000 },
  );
});

it('a name in foreign letters is the name that is looked up, and not the one that it looks like', () => {
  expect(readCloudAddress('https://cl\u043eud.example')).toMatchObject({
    address: { host: 'xn--clud-65d.example' },
  });
  for (const text of [
    'cloud\u202e.example',
    'cloud.example\u0000',
    'cloud.example\r\nX: y',
    'cl\u200boud.example',
  ]) {
    expect(readCloudAddress(text).ok, JSON.stringify(text)).toBe(false);
  }
});

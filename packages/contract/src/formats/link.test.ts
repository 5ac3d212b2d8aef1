import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyText } from '../testing/any-text.ts';
import { makeId } from './ids.ts';
import {
  formatProvisioningLink,
  isSpkiPin,
  linkCheckValue,
  parseProvisioningLink,
  type ProvisioningLink,
} from './link.ts';
import { makeProvisioningCode } from './provisioning-code.ts';

const code = fc
  .tuple(fc.integer({ min: 2, max: 6 }), fc.uint8Array({ minLength: 24, maxLength: 24 }))
  .map(([groups, bytes]) => makeProvisioningCode(groups, (length) => bytes.slice(0, length)));
const pin = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => `sha256/${Buffer.from(bytes).toString('base64')}`);
const cloudUrl = fc.constantFrom(
  'https://cloud.example',
  'https://192.168.1.20:8443',
  'https://[fd00::1]:8443',
  'http://127.0.0.1:3000',
  'https://example.org/edgeflow/add',
);
const codeId = fc.uint8Array({ minLength: 10, maxLength: 10 }).map((bytes) => makeId('code', () => bytes));
const link: fc.Arbitrary<ProvisioningLink> = fc.record(
  { cloudUrl, code, pins: fc.array(pin, { maxLength: 3 }), codeId },
  { requiredKeys: ['cloudUrl', 'code', 'pins'] },
);

const visibleAscii = Array.from({ length: 94 }, (_, index) => String.fromCharCode(0x21 + index));

function withCharacter(text: string, at: number, character: string): string {
  return text.slice(0, at) + character + text.slice(at + 1);
}

describe('a provisioning link', () => {
  it('has the form that the wire contract gives', () => {
    const pins = [`sha256/${'A'.repeat(43)}=`];
    const text = formatProvisioningLink({
      cloudUrl: 'https://cloud.example:8443/',
      code: 'PROV-A1B2-C3D4',
      pins,
    });
    // The check value is part of the wire format: links already printed must stay readable.
    expect(text).toBe(
      `https://cloud.example:8443/add#v=1&code=PROV-A1B2-C3D4&pin=sha256/${'A'.repeat(43)}=&c=7V`,
    );
  });

  it('says the same after it was written and read', () => {
    fc.assert(
      fc.property(link, (original) => {
        expect(parseProvisioningLink(formatProvisioningLink(original))).toEqual({ ok: true, link: original });
      }),
    );
  });

  it('is read with spaces and line ends around it', () => {
    const text = formatProvisioningLink({
      cloudUrl: 'https://cloud.example',
      code: 'PROV-A1B2-C3D4',
      pins: [],
    });
    expect(parseProvisioningLink(` ${text}\r\n`)).toMatchObject({
      ok: true,
      link: { code: 'PROV-A1B2-C3D4' },
    });
  });

  it('is refused with any single wrong character, whichever and wherever', () => {
    fc.assert(
      fc.property(link, (original) => {
        const text = formatProvisioningLink(original);
        const accepted: string[] = [];
        for (let at = 0; at < text.length; at += 1) {
          for (const character of visibleAscii) {
            if (character === text[at]) continue;
            const wrong = withCharacter(text, at, character);
            if (parseProvisioningLink(wrong).ok) accepted.push(wrong);
          }
        }
        expect(accepted).toEqual([]);
      }),
      { numRuns: 12 },
    );
  });

  it('is refused with any two unequal neighbours swapped', () => {
    fc.assert(
      fc.property(link, (original) => {
        const text = formatProvisioningLink(original);
        const accepted: string[] = [];
        for (let at = 0; at + 1 < text.length; at += 1) {
          const [left = '', right = ''] = text.slice(at, at + 2);
          const swapped = withCharacter(withCharacter(text, at, right), at + 1, left);
          if (left !== right && parseProvisioningLink(swapped).ok) accepted.push(swapped);
        }
        expect(accepted).toEqual([]);
      }),
    );
  });

  it('is refused, with the reason, when what it carries is unusable though the check value fits', () => {
    const start = 'https://cloud.example/add#';
    const problemOf = (parameters: string): unknown => {
      const covered = start + parameters;
      const reading = parseProvisioningLink(`${covered}&c=${linkCheckValue(covered)}`);
      return reading.ok ? reading.link : reading.problem;
    };
    expect(problemOf('v=2&code=PROV-A1B2-C3D4')).toMatch(/newer kind/);
    expect(problemOf('code=PROV-A1B2-C3D4')).toMatch(/newer kind/);
    expect(problemOf('v=1')).toMatch(/no code/);
    expect(problemOf('v=1&code=PROV-A1B2')).toMatch(/no code/);
    expect(problemOf('v=1&code=PROV-A1B2-C3D4&pin=sha256/short=')).toMatch(/damaged pin/);
    expect(problemOf('v=1&later=1&code=PROV-A1B2-C3D4')).toMatchObject({ code: 'PROV-A1B2-C3D4' });
  });

  it('is refused when it is cut, names no http address, or is something else', () => {
    const text = formatProvisioningLink({
      cloudUrl: 'https://cloud.example',
      code: 'PROV-A1B2-C3D4',
      pins: [],
    });
    for (let length = 0; length < text.length; length += 1) {
      expect(parseProvisioningLink(text.slice(0, length)).ok, text.slice(0, length)).toBe(false);
    }
    expect(parseProvisioningLink(text.replace('https:', 'ftp:')).ok).toBe(false);
    expect(parseProvisioningLink('PROV-A1B2-C3D4').ok).toBe(false);
  });

  it('is read without throwing, and refused with a next step that repeats no part of it', () => {
    const almost = fc.tuple(link, fc.nat({ max: 80 }), anyText(8)).map(([original, at, noise]) => {
      const text = formatProvisioningLink(original);
      return text.slice(0, at) + noise + text.slice(at + 1);
    });
    fc.assert(
      fc.property(fc.oneof(anyText(), almost), (text) => {
        const reading = parseProvisioningLink(text);
        if (reading.ok) return;
        expect(reading.nextStep).toMatch(/^[A-Z].*\.$/);
        expect(reading.problem).not.toContain('PROV');
      }),
    );
  });
});

describe('a pin', () => {
  it('is sha256/ and the base64 of 32 bytes', () => {
    fc.assert(
      fc.property(pin, (text) => {
        expect(isSpkiPin(text)).toBe(true);
        expect(isSpkiPin(text.slice(0, -1))).toBe(false);
        expect(isSpkiPin(`${text}\n`)).toBe(false);
        expect(isSpkiPin(text.replace('sha256', 'sha1'))).toBe(false);
      }),
    );
  });
});

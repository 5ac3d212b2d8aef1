import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '@edgeflow/platform/simulated';
import { withRightCheck } from './test-support.ts';
import { sealBytes } from './vault-crypto.ts';
import { decodeEnvelope, encodeEnvelope, encodeHeader } from './vault-envelope.ts';

const random = new SeededRandom(3);
const header = encodeHeader(
  { document: 'identity', key_source: 'generated', key_id: '0123456789abcdef', machine_binding: null },
  random.bytes(16),
);
const file = encodeEnvelope(
  header,
  sealBytes(random.bytes(32), random.bytes(12), header, Buffer.from('{"any":"thing"}')),
);

function reasonOf(bytes: Uint8Array): string {
  const reading = decodeEnvelope(bytes);
  return reading.kind === 'damaged' ? reading.reason : reading.kind;
}

/** The file after a change on purpose: the checksum fits. */
function forged(change: (text: string) => string): Uint8Array {
  const [body = ''] = Buffer.from(file).toString('latin1').split(',"check":');
  return Buffer.from(withRightCheck(change(body)), 'latin1');
}

describe('the text of a vault file', () => {
  it('is one line of JSON that names its format, version, document and key, and reads back', () => {
    const text = Buffer.from(file).toString();
    expect(JSON.parse(text)).toMatchObject({ format: 'edgeflow-vault', version: 1, document: 'identity' });
    expect(text.indexOf('\n')).toBe(text.length - 1);
    expect(reasonOf(file)).toBe('envelope');
  });

  it('is reported as truncated when cut at any length', () => {
    for (let length = 0; length < file.length; length += 1) {
      expect([length, reasonOf(file.subarray(0, length))]).toEqual([length, 'truncated']);
    }
  });

  it('is reported as truncated when its end is zeros, as after a power cut, at any length', () => {
    for (let length = 0; length < file.length; length += 1) {
      const zeroed = new Uint8Array(file.length);
      zeroed.set(file.subarray(0, length));
      expect([length, reasonOf(zeroed)]).toEqual([length, 'truncated']);
    }
  });

  it('is reported as altered when any single bit is flipped', () => {
    for (let bit = 0; bit < file.length * 8; bit += 1) {
      const flipped = Uint8Array.from(file);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect([bit, reasonOf(flipped)]).toEqual([bit, 'altered']);
    }
  });

  it('is reported as altered when bytes are added, removed or doubled', () => {
    expect(reasonOf(Buffer.concat([file, Buffer.from(' ')]))).toBe('altered');
    expect(reasonOf(Buffer.concat([file, new Uint8Array(512)]))).toBe('altered');
    expect(reasonOf(Buffer.concat([file, file]))).toBe('altered');
    expect(reasonOf(Buffer.concat([file.subarray(0, 100), file.subarray(101)]))).toBe('altered');
  });

  it('names a later version as such, even where that version has other fields', () => {
    expect(reasonOf(forged((text) => text.replace('"version":1', '"version":2')))).toBe('newer_version');
    expect(reasonOf(forged(() => '{"format":"edgeflow-vault","version":12,"sealed":"…"'))).toBe(
      'newer_version',
    );
  });

  it.each([
    ['version 0', (text: string) => text.replace('"version":1', '"version":0')],
    ['an unknown field', (text: string) => text.replace(',"salt"', ',"more":1,"salt"')],
    ['a short salt', (text: string) => text.replace(/"salt":"[^"]+"/, '"salt":"AAAA"')],
    ['a short nonce', (text: string) => text.replace(/"nonce":"[^"]+"/, '"nonce":"AAAA"')],
    ['a short tag', (text: string) => text.replace(/"tag":"[^"]+"/, '"tag":"AAAA"')],
    ['another spelling of the same tag', (text: string) => text.replace(/.=="$/, (end) => `${twin(end)}=="`)],
    ['a second nonce', (text: string) => `${text},"nonce":"AAAAAAAAAAAAAAAA"`],
    ['an unknown document', (text: string) => text.replace('"identity"', '"shadow"')],
  ])('is altered, whatever its checksum says, with %s', (_what, change) => {
    const bytes = forged(change);
    expect(Buffer.compare(bytes, file)).not.toBe(0);
    expect(reasonOf(bytes)).toBe('altered');
  });

  it('is told from what never was a vault file', () => {
    for (const text of [
      '#!/bin/sh\n',
      'null',
      '[]',
      '{"device_id":"dev_1"}\n',
      '\u0000\u0001binary',
      '<html>',
    ]) {
      expect(reasonOf(Buffer.from(text))).toBe('not_a_vault');
    }
  });

  it('never throws and never passes for whole, whatever the bytes', () => {
    const start = fc.constantFrom(
      '',
      '{"format":"edgeflow-vault","version":1,',
      Buffer.from(file).toString(),
    );
    fc.assert(
      fc.property(start, fc.uint8Array({ minLength: 1, maxLength: 400 }), (text, bytes) => {
        expect(reasonOf(Buffer.concat([Buffer.from(text), bytes]))).not.toBe('envelope');
      }),
      { numRuns: 500 },
    );
  });
});

/** The base64 character that differs in the unused low bits only. */
function twin(end: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  return alphabet[alphabet.indexOf(end.charAt(0)) + 1] ?? '';
}

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isId } from './formats/ids.ts';
import { formatProvisioningLink, isSpkiPin, parseProvisioningLink } from './formats/link.ts';
import { displayCode, parseProvisioningCode } from './formats/provisioning-code.ts';
import { isMasked, isWellFormedApiKey, isWellFormedOperatorToken } from './formats/secrets.ts';
import { createCodesRequestSchema, macAddressSchema } from './schemas/codes.ts';
import { commandRequestSchema } from './schemas/commands.ts';
import { jsonObjectSchema, label, pageQuerySchema, tagsSchema, timeSchema } from './schemas/common.ts';
import {
  createDeviceRequestSchema,
  listDevicesQuerySchema,
  updateDeviceRequestSchema,
} from './schemas/devices.ts';
import { localProvisionRequestSchema, saasConfigUpdateSchema } from './schemas/local.ts';
import { idempotencyKeySchema, provisionRequestSchema } from './schemas/provision.ts';
import { listAuditQuerySchema } from './schemas/records.ts';
import { shadowUpdateSchema } from './schemas/shadow.ts';
import { anyText } from './testing/any-text.ts';
import { readFrame, rotateKeyPayloadSchema } from './tunnel.ts';

/** Every parser of a text: what it makes of it, in one normal form, or undefined. */
const ofText: Readonly<Record<string, (text: string) => string | undefined>> = {
  'a provisioning code': (text) => {
    const symbols = parseProvisioningCode(text);
    return symbols === undefined ? undefined : displayCode(symbols);
  },
  'a provisioning link': (text) => {
    const reading = parseProvisioningLink(text);
    return reading.ok ? formatProvisioningLink(reading.link) : undefined;
  },
  'a MAC address': (text) => macAddressSchema.safeParse(text).data,
  'a label': (text) => label(64).safeParse(text).data,
  'a time': (text) => timeSchema.safeParse(text).data,
  'an Idempotency-Key': (text) => idempotencyKeySchema.safeParse(text).data,
  'an API key': (text) => (isWellFormedApiKey(text) ? text : undefined),
  'an operator token': (text) => (isWellFormedOperatorToken(text) ? text : undefined),
  'a device id': (text) => (isId('device', text) ? text : undefined),
  'a pin': (text) => (isSpkiPin(text) ? text : undefined),
  'a masked secret': (text) => (isMasked(text) ? text : undefined),
  'a frame': (text) => {
    const reading = readFrame(text);
    return reading.kind === 'frame' ? JSON.stringify(reading.frame) : undefined;
  },
};

/** What nearly is one, so that more than the first look at a text is tried. */
const nearly = [
  ...['PROV-A1B2-C3D4', 'prov a1b2 c3d4', 'PROV-O0IL-OOOO-1111', 'dc:a6:32:01:02:03', 'DCA6.3201.0203'],
  ...[
    '2026-02-21T12:00:00Z',
    '2026-02-21T12:00:00.123Z',
    'dev_0123456789abcdef',
    `sha256/${'A'.repeat(43)}=`,
  ],
  ...[
    'k'.repeat(40),
    ' pump 1 ',
    'efk_A1b2…wXyZ',
    '{"type":"ping"}',
    '{"type":"command","id":"1","action":"a"}',
  ],
  formatProvisioningLink({ cloudUrl: 'https://cloud.example:8443', code: 'PROV-A1B2-C3D4', pins: [] }),
];
const hostileText = fc.oneof(
  anyText(),
  fc.constantFrom(...nearly),
  fc.tuple(fc.constantFrom(...nearly), fc.nat({ max: 90 }), anyText(4)).map(([text, at, noise]) => {
    return text.slice(0, at) + noise + text.slice(at + 1);
  }),
);

describe.each(Object.entries(ofText))('%s', (_, read) => {
  it('is read from any text without an error, into one form that reads as itself', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const normal = read(text);
        if (normal !== undefined) expect(read(normal)).toBe(normal);
      }),
      { numRuns: 500 },
    );
  });

  // A pattern that tries again from every place would take minutes or years here.
  it.each(['a', ' ', '-', '\u200b', '#', '/add#', 'https://', '&c=', '=', ':', '0', '[', '{"type":', '…'])(
    'that is a quarter of a million of %j is soon read',
    (unit) => {
      const text = unit.repeat(Math.ceil(262_144 / unit.length));
      for (const long of [text, `${text}!`, `https://x${text}`, `PROV${text}A1B2C3D4`, `"${text}`]) {
        const normal = read(long);
        if (normal !== undefined) expect(read(normal)).toBe(normal);
      }
    },
  );
});

describe('a body or a query', () => {
  const schemas = {
    ...{
      createCodesRequestSchema,
      commandRequestSchema,
      createDeviceRequestSchema,
      updateDeviceRequestSchema,
    },
    ...{ provisionRequestSchema, shadowUpdateSchema, localProvisionRequestSchema, saasConfigUpdateSchema },
    ...{ pageQuerySchema, listDevicesQuerySchema, listAuditQuerySchema, rotateKeyPayloadSchema, tagsSchema },
    ...{ jsonObjectSchema },
  };
  const members = [
    'name',
    'tags',
    'count',
    'bind',
    'desired',
    'reported',
    'version',
    'action',
    'payload',
    'limit',
  ];
  const awkward = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'hardware_info'];
  const anyBody = fc.oneof(
    fc.jsonValue(),
    fc.dictionary(fc.constantFrom(...members, ...awkward), fc.jsonValue()),
    // As JSON.parse makes them: own members, whatever their names.
    fc
      .tuple(fc.constantFrom(...awkward), fc.json())
      .map(([name, value]): unknown =>
        JSON.parse(`{"provisioning_code":"x","desired":{"${name}":${value}},"${name}":${value}}`),
      ),
  );

  it.each(Object.entries(schemas))('is read by %s without an error, and reads as itself', (_, schema) => {
    fc.assert(
      fc.property(anyBody, (value) => {
        const parsed = schema.safeParse(value);
        if (!parsed.success) return;
        expect(schema.parse(parsed.data)).toEqual(parsed.data);
        if (typeof parsed.data === 'object' && !Array.isArray(parsed.data)) {
          expect([Object.prototype, null]).toContain(Object.getPrototypeOf(parsed.data));
        }
      }),
      { numRuns: 200 },
    );
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect('isAdmin' in {}).toBe(false);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bodyBytesMax } from '../limits.ts';
import {
  hardwareInfoSchema,
  idempotencyKeySchema,
  networkInfoSchema,
  provisionRequestSchema,
} from './provision.ts';

const code = 'PROV-A1B2-C3D4';
const hardware = {
  board_model: 'Raspberry Pi 4 Model B Rev 1.4\u0000',
  cpu_cores: 4,
  ram_mb: 4096,
  os: 'linux',
  arch: 'arm64',
  kernel: '',
};
const network = {
  hostname: 'edgeflow-pi-001',
  ip_address: '192.168.1.100',
  mac_address: 'dc:a6:32:xx:xx:xx',
  connection_type: 'ethernet',
};

describe('a registration', () => {
  it('is taken as devices in the field send it: kernel empty, board with a NUL, a MAC that is none', () => {
    const body = { provisioning_code: code, hardware_info: hardware, network_info: network };
    expect(provisionRequestSchema.parse(body)).toEqual(body);
  });

  it('needs the code alone', () => {
    expect(provisionRequestSchema.parse({ provisioning_code: code })).toEqual({
      provisioning_code: code,
      hardware_info: {},
      network_info: {},
    });
    expect(provisionRequestSchema.safeParse({}).success).toBe(false);
  });

  it('leaves it to the lookup whether a text is a code', () => {
    for (const text of ['', 'nonsense', '\u0000', '🙂']) {
      expect(provisionRequestSchema.safeParse({ provisioning_code: text }).success, text).toBe(true);
    }
    expect(provisionRequestSchema.safeParse({ provisioning_code: 5 }).success).toBe(false);
  });

  it('ignores members of the body that a later device may add', () => {
    expect(provisionRequestSchema.parse({ provisioning_code: code, later: { a: 1 } })).not.toHaveProperty(
      'later',
    );
  });

  it.each([
    ['hardware_info', hardwareInfoSchema, hardware],
    ['network_info', networkInfoSchema, network],
  ] as const)('takes %s with any known key left out or null', (_, schema, known) => {
    const names = Object.keys(known);
    fc.assert(
      fc.property(fc.subarray(names), fc.subarray(names), (kept, nulled) => {
        const document: Record<string, unknown> = {};
        for (const [name, value] of Object.entries(known)) if (kept.includes(name)) document[name] = value;
        for (const name of nulled) document[name] = null;
        expect(schema.parse(document)).toEqual(document);
      }),
    );
  });

  it.each([
    ['hardware_info', hardwareInfoSchema],
    ['network_info', networkInfoSchema],
  ] as const)('keeps unknown keys of %s as they came', (_, schema) => {
    const unknownName = fc.string().filter((name) => !(name in schema.shape) && name !== '__proto__');
    const document = fc.dictionary(unknownName, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 64 });
    fc.assert(
      fc.property(document, (unknown) => {
        const parsed = schema.safeParse(unknown);
        // What is too wide is refused as a whole; what is taken is kept whole.
        if (parsed.success) expect({ ...parsed.data }).toEqual({ ...unknown });
      }),
    );
    expect(schema.parse({ sensors: [{ kind: 'bme280' }], later: null })).toEqual({
      sensors: [{ kind: 'bme280' }],
      later: null,
    });
  });

  it('never lets a key reach the prototype of what it becomes', () => {
    const parsed = hardwareInfoSchema.parse(JSON.parse('{"__proto__":{"isAdmin":true},"constructor":1}'));
    expect(Object.getPrototypeOf(parsed)).toBe(Object.prototype);
    expect('isAdmin' in parsed).toBe(false);
  });

  it('refuses a known key of another type', () => {
    for (const wrong of [
      { cpu_cores: '4' },
      { ram_mb: -1 },
      { board_model: {} },
      { serial_number: 'x'.repeat(1025) },
    ]) {
      expect(hardwareInfoSchema.safeParse(wrong).success, JSON.stringify(wrong)).toBe(false);
    }
  });

  it('refuses, without exhausting the stack, the deepest document that fits in a body', () => {
    const start = `{"provisioning_code":"${code}","hardware_info":{"a":`;
    const depth = Math.floor((bodyBytesMax - start.length - 2) / 2);
    const text = `${start}${'['.repeat(depth)}${']'.repeat(depth)}}}`;
    expect(text.length).toBeGreaterThan(bodyBytesMax - 4);
    const parsed = provisionRequestSchema.safeParse(JSON.parse(text));
    expect(parsed.error?.issues).toEqual([expect.objectContaining({ path: ['hardware_info'] })]);
  });

  it('refuses 65 keys and five levels, and says which document it was', () => {
    const wide = Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`key${index}`, 0]));
    const parsed = provisionRequestSchema.safeParse({
      provisioning_code: code,
      hardware_info: wide,
      network_info: { a: { b: { c: { d: {} } } } },
    });
    expect(parsed.error?.issues.map(({ path, message }) => [path.join('.'), message])).toEqual([
      ['hardware_info', 'has more than 64 keys in one object'],
      ['network_info', 'is nested deeper than 4'],
    ]);
  });
});

describe('an Idempotency-Key', () => {
  const visible = fc.string({
    unit: fc.integer({ min: 0x21, max: 0x7e }).map((c) => String.fromCharCode(c)),
  });

  it('is 32 to 128 visible ASCII characters', () => {
    fc.assert(
      fc.property(visible, fc.integer({ min: 1, max: 200 }), (text, length) => {
        const key = text.padEnd(length, 'k').slice(0, length);
        expect(idempotencyKeySchema.safeParse(key).success).toBe(length >= 32 && length <= 128);
      }),
    );
  });

  it('holds no space, control character or letter beyond ASCII', () => {
    for (const character of [' ', '\t', '\n', '\u0000', '\u007f', 'é', '🙂']) {
      const key = 'k'.repeat(40) + character;
      expect(idempotencyKeySchema.safeParse(key).success, JSON.stringify(character)).toBe(false);
    }
  });

  it('is not repeated in the reason for its refusal', () => {
    const { error } = idempotencyKeySchema.safeParse(`secret${' '.repeat(40)}`);
    expect(error?.message).not.toContain('secret');
  });
});

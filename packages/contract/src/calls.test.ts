import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  type CallAnswer,
  type CallArguments,
  type CallRequest,
  callTarget,
  type JsonOperationName,
} from './calls.ts';
import { type OperationName, operations } from './operations.ts';
import type { Device } from './schemas/devices.ts';

const base = 'https://cloud.example';

describe('the address of a call', () => {
  it('carries any id back to the server unchanged', () => {
    const id = fc.string({ minLength: 1 }).filter((text) => text !== '.' && text !== '..');
    fc.assert(
      fc.property(id, (text) => {
        const { method, path } = callTarget('readDeviceStatus', { params: { id: text } });
        expect(method).toBe('GET');
        const segments = new URL(path, base).pathname.split('/');
        expect(segments.slice(0, 4)).toEqual(['', 'api', 'v1', 'devices']);
        expect(decodeURIComponent(segments[4] ?? '')).toBe(text);
        expect(segments[5]).toBe('status');
      }),
    );
  });

  it.each(['', '.', '..'])('is never that of another call: %j is no id', (id) => {
    expect(() => callTarget('deleteDevice', { params: { id } })).toThrow(RangeError);
    expect(() => callTarget('deleteDevice')).toThrow(RangeError);
  });

  it('carries every query value that is there, and none that is not', () => {
    const { path } = callTarget('listDevices', { query: { q: 'a&b=c d', limit: 5, tag: undefined } });
    expect([...new URL(path, base).searchParams]).toEqual([
      ['q', 'a&b=c d'],
      ['limit', '5'],
    ]);
    expect(callTarget('listDevices').path).toBe('/api/v1/devices');
  });

  it('has every parameter of every operation filled in', () => {
    for (const name of Object.keys(operations) as OperationName[]) {
      expect(callTarget(name, { params: { id: 'x' } }).path).not.toContain(':');
    }
  });
});

describe('the types of a call', () => {
  it('ask for what the operation needs, and for nothing else', () => {
    expectTypeOf<CallRequest<'readDevice'>['params']>().toEqualTypeOf<Readonly<Record<'id', string>>>();
    expectTypeOf<CallRequest<'extendKey'>['body']>().toEqualTypeOf<{ days: number }>();
    expectTypeOf<CallArguments<'listDevices'>>().toEqualTypeOf<[request?: CallRequest<'listDevices'>]>();
    expectTypeOf<CallArguments<'readDevice'>>().toEqualTypeOf<[request: CallRequest<'readDevice'>]>();
    expectTypeOf<CallArguments<'createCodes'>>().toEqualTypeOf<[request: CallRequest<'createCodes'>]>();
  });

  it('tell answers apart by their status', () => {
    expectTypeOf<CallAnswer<'readDevice'>>().toEqualTypeOf<{ readonly status: 200; readonly body: Device }>();
    expectTypeOf<CallAnswer<'deleteDevice'>>().toEqualTypeOf<{
      readonly status: 204;
      readonly body: undefined;
    }>();
    expectTypeOf<CallAnswer<'rotateKey'>['status']>().toEqualTypeOf<200 | 202>();
  });

  it('leave out what is no JSON', () => {
    expectTypeOf<Exclude<OperationName, JsonOperationName>>().toEqualTypeOf<
      | 'streamEvents'
      | 'exportAudit'
      | 'exportDevices'
      | 'exportBatchCsv'
      | 'exportBatchLabels'
      | 'exportBatchEnvFiles'
    >();
  });
});

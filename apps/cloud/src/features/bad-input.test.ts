import { type Operation, type OperationName, operations, problemSchema } from '@edgeflow/contract';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databaseKinds } from '../storage/testing/databases.ts';
import { anyText } from '../testing/any-text.ts';
import type { ApiClient, CallInput } from '../testing/api-client.ts';
import { startTestCloud, type TestCloud } from '../testing/test-cloud.ts';
import { firstOwner } from '../testing/people.ts';
import { notFoundOf, validBodies } from '../testing/valid-bodies.ts';

const names = Object.keys(operations) as OperationName[];
const withBody = names.filter((name) => 'body' in operations[name]);
const withQuery = names.filter((name) => 'query' in operations[name]);
const withId = names.filter((name) => operations[name].path.includes(':id'));

const json = { 'content-type': 'application/json' };
const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

describe.each(databaseKinds)('a stranger’s input on %s', (kind) => {
  let cloud: TestCloud;
  let id: string;
  let apiKey: string;
  let person: ApiClient;
  /** Whoever may call: a person where a token may not. */
  const caller = (name: OperationName): ApiClient =>
    operations[name].access === 'person' ? person : cloud.owner;
  beforeAll(async () => {
    cloud = await startTestCloud(kind);
    person = await firstOwner(cloud);
    ({ device_id: id, api_key: apiKey } = await cloud.owner.call('createDevice', 201, {
      body: { name: 'untouched' },
    }));
  });
  afterAll(() => cloud.discard());

  /** Sends bytes as they are; gives `"<status> <code>"`, and the fields that are named. */
  async function send(
    name: OperationName,
    body: string | Buffer<ArrayBuffer>,
    headers: Record<string, string> = json,
  ): Promise<string> {
    const response = await caller(name).raw(name, { id, headers }, { body });
    const problem = problemSchema.parse(await response.json());
    const fields = problem.errors?.map(({ field }) => field).join(',');
    return `${String(response.status)} ${problem.code}${fields === undefined ? '' : ` ${fields}`}`;
  }

  it.each(withBody)('%s refuses every body that is not its own kind, and says why', async (name) => {
    expect(await send(name, '{')).toBe('400 request_malformed');
    expect(await send(name, '{} trailing')).toBe('400 request_malformed');
    for (const value of ['null', '[]', '"text"', '7', 'true', nested(5_000)]) {
      expect(await send(name, value), value.slice(0, 20)).toBe('400 request_malformed ');
    }
    expect(await send(name, '{"__proto__": {"admin": true}}')).toBe('400 request_malformed');
    expect(await send(name, '{"constructor": {"prototype": {}}}')).toBe('400 request_malformed');
    expect(await send(name, Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]))).toBe(
      '400 request_malformed',
    );
    expect(await send(name, '{}', { 'content-type': 'text/plain' })).toBe('415 media_type_unsupported');
    expect(await send(name, 'a=1', { 'content-type': 'application/x-www-form-urlencoded' })).toBe(
      '415 media_type_unsupported',
    );
    const { bodyBytesMax }: Operation = operations[name];
    const bytesMax = bodyBytesMax ?? (name === 'provisionDevice' ? 16 * 1024 : 256 * 1024);
    expect(await send(name, `{"x": "${'x'.repeat(bytesMax)}"}`)).toBe('413 body_too_large');
  });

  it.each<[OperationName, unknown, string]>([
    ['createCodes', { count: 0 }, 'count'],
    ['createCodes', { count: 10_001 }, 'count'],
    ['createCodes', { count: '3' }, 'count'],
    ['createCodes', { count: 1.5 }, 'count'],
    ['createCodes', { ttl_seconds: 59, groups: 7 }, 'ttl_seconds,groups'],
    ['createCodes', { bind: { mac_adress: 'dc:a6:32:01:02:03' } }, 'bind'],
    ['createCodes', { bind: { mac_address: 'dc:a6:32:xx:xx:xx' } }, 'bind.mac_address'],
    ['createCodes', { name: 'line\nbreak' }, 'name'],
    ['createCodes', { name: ' ' }, 'name'],
    ['createCodes', { tags: ['ok', ''] }, 'tags.1'],
    ['createCodes', { tags: 'ok' }, 'tags'],
    ['createCodes', { device_id: 'dev_1', count: 2 }, 'count'],
    ['createDevice', { name: 'x'.repeat(129) }, 'name'],
    ['createDevice', { nome: 'x' }, ''],
    ['updateDevice', { tags: Array.from({ length: 33 }, () => 't') }, 'tags'],
    ['updateDevice', { group: 7 }, 'group'],
    ['rotateKey', { mode: 'now' }, 'mode'],
    ['extendKey', { days: 0 }, 'days'],
    ['extendKey', { days: 3651 }, 'days'],
    ['sendCommand', { action: '' }, 'action'],
    ['sendCommand', { action: 'x', timeout_ms: 120_001 }, 'timeout_ms'],
    ['sendCommand', { action: 'x', timeout: 5 }, ''],
    ['updateShadow', { desired: [] }, 'desired'],
    ['updateShadow', { desired: {}, version: '3' }, 'version'],
    ['updateShadow', {}, 'desired'],
    ['provisionDevice', { provisioning_code: 7 }, 'provisioning_code'],
    ['provisionDevice', { provisioning_code: 'x', hardware_info: [] }, 'hardware_info'],
    [
      'provisionDevice',
      { provisioning_code: 'x', hardware_info: { a: { b: { c: { d: {} } } } } },
      'hardware_info',
    ],
    [
      'provisionDevice',
      { provisioning_code: 'x', network_info: { ip_address: 7 } },
      'network_info.ip_address',
    ],
  ])('%s names the wrong fields of %j: %s', async (name, body, fields) => {
    expect(await send(name, JSON.stringify(body))).toBe(`400 request_malformed ${fields}`);
  });

  it('is never repeated in an answer or a log when it may be a secret', async () => {
    const secret = 'efk_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG';
    const body = JSON.stringify({
      [secret]: 1,
      action: [secret],
      days: secret,
      provisioning_code: { secret },
    });
    for (const name of withBody) {
      const response = await caller(name).raw(name, { id, headers: json }, { body });
      expect(await response.text(), name).not.toContain(secret);
    }
    expect(cloud.logs.join('')).not.toContain(secret);
  });

  it('in a body never makes an answer that the contract does not know', async () => {
    const anyBody = fc.oneof(
      fc.jsonValue(),
      fc.dictionary(
        fc.constantFrom('name', 'tags', 'group', 'count', 'bind', 'device_id', 'desired'),
        fc.jsonValue(),
      ),
      fc.record(
        {
          ...{
            name: anyText,
            device_name: anyText,
            group: anyText,
            tags: fc.array(anyText, { maxLength: 4 }),
          },
          ...{
            provisioning_code: anyText,
            action: anyText,
            days: fc.integer(),
            mode: anyText,
            version: fc.integer(),
          },
          ...{
            hardware_info: fc.dictionary(anyText, anyText),
            network_info: fc.dictionary(anyText, anyText),
          },
          ...{ desired: fc.dictionary(anyText, fc.jsonValue()), device_id: anyText },
        },
        { requiredKeys: [] },
      ),
    );
    const anyCall = fc.tuple(fc.constantFrom(...withBody.filter((name) => name !== 'extendKey')), anyBody);
    await fc.assert(
      fc.asyncProperty(anyCall, async ([name, body]) => {
        await expectDocumented(name, { id, body });
      }),
      { numRuns: 250 },
    );
  });

  it('in an address never makes an answer that the contract does not know', async () => {
    const anyCall = fc.tuple(fc.constantFrom(...withId), anyText);
    await fc.assert(
      fc.asyncProperty(anyCall, async ([name, some]) => {
        if (some === '' || some === '.' || some === '..') return;
        await expectDocumented(name, { id: some.toWellFormed(), body: validBodies[name] }, [404]);
      }),
      { numRuns: 150 },
    );
  });

  it('in a query never makes an answer that the contract does not know', async () => {
    const parameters = [
      'limit',
      'offset',
      'cursor',
      'status',
      'q',
      'tag',
      'group',
      'batch',
      'actor',
      'since',
      'object',
    ];
    const anyValue = fc.oneof(
      anyText,
      fc.nat(600).map(String),
      fc.constantFrom('-1', '1e3', '0x10', 'NaN', '9'.repeat(30)),
    );
    const anyCall = fc.tuple(
      fc.constantFrom(...withQuery),
      fc.dictionary(fc.constantFrom(...parameters), anyValue, { maxKeys: 4 }),
    );
    await fc.assert(
      fc.asyncProperty(anyCall, async ([name, query]) => {
        await expectDocumented(name, { query });
      }),
      { numRuns: 200 },
    );
  });

  it.each(['\0', '\0\0', 'dev_\0', '%00'])('with NUL (%j) is a name of nothing', async (nul) => {
    for (const name of withId) {
      const input = { id: nul, body: validBodies[name] };
      expect(await caller(name).refusal(name, input), name).toBe(notFoundOf(name));
    }
    for (const parameter of ['q', 'tag', 'group']) {
      expect(
        (await cloud.owner.call('listDevices', 200, { query: { [parameter]: nul } })).total,
        parameter,
      ).toBe(0);
    }
    expect((await cloud.owner.call('listCodes', 200, { query: { batch: nul } })).total).toBe(0);
    for (const parameter of ['actor', 'action', 'object']) {
      expect(
        (await cloud.owner.call('listAudit', 200, { query: { [parameter]: nul } })).total,
        parameter,
      ).toBe(0);
    }
  });

  it('as a device may be 16 KiB and no more', async () => {
    const device = cloud.client(apiKey);
    const body = (length: number): object => ({ body: { reported: { note: 'x'.repeat(length) } } });
    await device.call('updateShadow', 200, { id, ...body(16_000) });
    expect(await device.refusal('updateShadow', { id, ...body(16_400) })).toBe('413 body_too_large');
  });

  it('to an address that is none, or with another method, is told so', async () => {
    const problem = async (path: string, init: RequestInit = {}): Promise<string> => {
      const response = await fetch(cloud.origin + path, init);
      return `${String(response.status)} ${problemSchema.parse(await response.json()).code}`;
    };
    expect(await problem('/api/v1/nothing')).toBe('404 route_unknown');
    expect(await problem('/api/v1/devices', { method: 'PATCH' })).toBe('405 method_not_allowed');
    expect(await problem('/api/v1/devices/%zz')).toBe('400 request_malformed');
    expect(await problem(`/api/v1/devices/${'x'.repeat(257)}`)).toBe('404 route_unknown');
  });

  it('changed nothing', async () => {
    const device = await cloud.owner.call('readDevice', 200, { id });
    expect(device).toMatchObject({ device_id: id, status: 'never_connected' });
    const failures = cloud.logs.filter((line) => /"level":"(error|fatal)"/.test(line));
    expect(failures).toEqual([]);
  });

  /** Holds the answer against the contract: an undocumented status or form throws. */
  async function expectDocumented(
    name: OperationName,
    input: CallInput,
    more: readonly number[] = [],
  ): Promise<void> {
    const response = await caller(name).raw(name, input);
    const text = await response.text();
    if (response.ok) {
      expect(Object.keys(operations[name].answers)).toContain(String(response.status));
      return;
    }
    const problem = problemSchema.parse(JSON.parse(text));
    expect(response.status, text).toBe(problem.status);
    expect(response.status, text).toBeLessThan(500);
    expect([...more, ...cloud.owner.documentedStatuses(name)], text).toContain(response.status);
  }
});

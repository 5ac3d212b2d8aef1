import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databaseKinds } from '../storage/testing/databases.ts';
import { startTestCloud, type TestCloud } from '../testing/test-cloud.ts';

describe.each(databaseKinds)('what a device calls itself, on %s,', (kind) => {
  let cloud: TestCloud;
  let codes: string[];
  beforeAll(async () => {
    cloud = await startTestCloud(kind);
    const made = await cloud.owner.call('createCodes', 201, { body: { count: 200, groups: 3 } });
    codes = made.codes.map(({ code }) => code);
  });
  afterAll(() => cloud.discard());

  /** Registers with this host name, and with an open member of this name; gives what an operator then reads. */
  async function readBack(hostname: string, member = 'note'): Promise<Readonly<Record<string, unknown>>> {
    const network = JSON.stringify({ hostname, member: { [member]: hostname } });
    const body = `{"provisioning_code":"${codes.pop() ?? ''}","network_info":${network}}`;
    const headers = { 'content-type': 'application/json' };
    const response = await cloud.client().raw('provisionDevice', { headers }, { body });
    expect(response.status).toBe(201);
    const { device_id: id } = (await response.json()) as { device_id: string };
    return (await cloud.owner.call('readDevice', 200, { id })).network_info;
  }

  it.each([
    ['markup', '<script>alert(1)</script>"\'&'],
    ['marks that turn the reading direction', 'pi\u202egnp.exe\u2066'],
    ['letters that look like others', 'cl\u043eud-pi'],
    ['escapes of a terminal and ends of lines', 'pi\u001b[2J\r\n{"level":"fatal"}\u009b31m'],
    ['what looks like SQL or a pattern', "'; drop table devices; --%_\\"],
  ])('is kept as it is, as data: %s', async (_, name) => {
    expect(await readBack(name)).toMatchObject({ hostname: name, member: { note: name } });
    for (const line of cloud.logs) expect(line.trimEnd().split('\n')).toHaveLength(1);
  });

  it('is found by what it is, and by nothing that it looks like', async () => {
    await readBack('p\u0430\u0443pal-pi');
    const total = async (q: string): Promise<number> =>
      (await cloud.owner.call('listDevices', 200, { query: { q } })).total;
    expect(await total('p\u0430\u0443pal-pi')).toBe(1);
    expect(await total('paypal-pi')).toBe(0);
  });

  it('comes back well-formed whatever it was, under any name of a member, and reaches no prototype', async () => {
    const unit = fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 0x20, max: 0x7e }));
    const anyName = fc.array(unit, { maxLength: 30 }).map((units) => String.fromCharCode(...units));
    const member = fc.constantFrom(
      'constructor',
      'toString',
      'hasOwnProperty',
      'valueOf',
      'prototype',
      'length',
    );
    await fc.assert(
      fc.asyncProperty(anyName, member, async (name, inner) => {
        const info = await readBack(name, inner);
        // NUL is stripped, because boards and older devices send it behind their names.
        const kept = name.toWellFormed().replaceAll('\0', '');
        expect(info['hostname'] ?? '').toBe(kept);
        expect(Object.hasOwn(info['member'] as object, inner)).toBe(true);
      }),
      { numRuns: 60 },
    );
    expect('isAdmin' in {}).toBe(false);
  });
});

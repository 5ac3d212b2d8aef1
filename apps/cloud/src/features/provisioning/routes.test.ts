import { request as httpRequest } from 'node:http';
import {
  isId,
  isWellFormedApiKey,
  type Problem,
  problemSchema,
  provisionResponseSchema,
} from '@edgeflow/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databaseKinds } from '../../storage/testing/databases.ts';
import { startTestCloud, type TestCloud } from '../../testing/test-cloud.ts';
import { TestDevice } from '../../testing/test-device.ts';

const path = '/api/v1/devices/provision';
const secret = (name: string): string => name.padEnd(43, 'x');

interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

describe.each(databaseKinds)('a registration over HTTP on %s', (kind) => {
  let cloud: TestCloud;
  beforeAll(async () => {
    cloud = await startTestCloud(kind);
  });
  afterAll(() => cloud.discard());

  async function makeCode(body: object = {}): Promise<{ code: string; id: string }> {
    const { codes } = await cloud.owner.call('createCodes', 201, { body });
    return { code: codes[0]?.code ?? '', id: codes[0]?.id ?? '' };
  }

  /** Sends bytes as they are, from an address of the loopback network. */
  function send(
    body: string,
    headers: Readonly<Record<string, string>> = {},
    from = '127.0.0.1',
  ): Promise<Reply> {
    const { hostname, port } = new URL(cloud.origin);
    return new Promise((resolve, reject) => {
      const options = { hostname, port, path, method: 'POST', localAddress: from, agent: false } as const;
      const request = httpRequest(
        { ...options, headers: { 'content-type': 'application/json', ...headers } },
        (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (chunk: string) => {
            text += chunk;
          });
          response.once('end', () => {
            resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
          });
        },
      );
      request.once('error', reject).end(body);
    });
  }

  const redeem = (code: string, idempotencyKey?: string, from?: string): Promise<Reply> =>
    send(
      JSON.stringify({ provisioning_code: code }),
      idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey },
      from,
    );

  /** `"<status>"` of an answer, `"<status> <code>"` of a problem. */
  function outcome(reply: Reply): string {
    if (reply.status === 201) return '201';
    return `${String(reply.status)} ${problemOf(reply).code}`;
  }

  function problemOf(reply: Reply): Problem {
    return problemSchema.parse(JSON.parse(reply.text));
  }

  it('of an older device is answered as it always was', async () => {
    const { code } = await makeCode({ device_name: 'line 4' });
    // Byte for byte what devices in the field send: an empty kernel, a board that ends in NUL, a MAC that is none.
    const reply = await send(
      `{"provisioning_code":"${code.toLowerCase()}","hardware_info":{"board_model":"Raspberry Pi 4 Model B Rev 1.4\\u0000",` +
        `"cpu_cores":4,"ram_mb":4096,"os":"linux","arch":"arm64","kernel":""},"network_info":{"hostname":"edgeflow-pi-001",` +
        `"ip_address":"192.168.1.100","mac_address":"dc:a6:32:xx:xx:xx","connection_type":"ethernet"}}`,
    );
    expect(reply.status).toBe(201);
    expect(reply.headers['cache-control']).toBe('no-store');
    expect(reply.headers).not.toHaveProperty('idempotent-replayed');
    const identity = provisionResponseSchema.parse(JSON.parse(reply.text));
    expect(Object.keys(identity)).toEqual(['device_id', 'api_key', 'expires_at']);
    expect(isId('device', identity.device_id)).toBe(true);
    expect(isWellFormedApiKey(identity.api_key)).toBe(true);
    expect(identity.expires_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    const device = await cloud.owner.call('readDevice', 200, { id: identity.device_id });
    expect(device).toMatchObject({
      name: 'line 4',
      hardware_info: { board_model: 'Raspberry Pi 4 Model B Rev 1.4', kernel: '', ram_mb: 4096 },
      network_info: { mac_address: 'dc:a6:32:xx:xx:xx' },
    });
  });

  it('is repeated byte for byte to whoever holds its Idempotency-Key', async () => {
    const { code } = await makeCode();
    const first = await redeem(code, secret('mine'));
    const again = await redeem(`  prov ${code.slice(5)} `, secret('mine'));
    expect([again.status, again.text]).toEqual([201, first.text]);
    expect(again.headers['idempotent-replayed']).toBe('true');
    expect(first.headers).not.toHaveProperty('idempotent-replayed');
    expect(outcome(await redeem(code, secret('yours')))).toBe('409 code_already_used');
    expect(outcome(await redeem(code))).toBe('409 code_already_used');
  });

  it('sent many times at once by one device makes one device and one answer', async () => {
    const { code } = await makeCode();
    const before = (await cloud.owner.call('listDevices', 200)).total;
    const replies = await Promise.all(Array.from({ length: 30 }, () => redeem(code, secret('impatient'))));
    expect(new Set(replies.map(({ text }) => text)).size).toBe(1);
    expect(replies.filter(({ headers }) => headers['idempotent-replayed'] === undefined)).toHaveLength(1);
    expect((await cloud.owner.call('listDevices', 200)).total).toBe(before + 1);
  });

  it('is over once its key has been used', async () => {
    const { code } = await makeCode();
    const identity = provisionResponseSchema.parse(JSON.parse((await redeem(code, secret('a'))).text));
    const device = await TestDevice.connect(cloud.origin, identity);
    expect(outcome(await redeem(code, secret('a')))).toBe('409 claim_completed');
    await device.leave();
  });

  it.each([
    ['too short', 'x'.repeat(31)],
    ['too long', 'x'.repeat(129)],
    ['not visible ASCII', `${'x'.repeat(40)} y`],
  ])('with an Idempotency-Key that is %s is refused before anything is consumed', async (_, key) => {
    const { code, id } = await makeCode();
    expect(outcome(await redeem(code, key))).toBe('400 request_malformed');
    expect((await cloud.owner.call('readCode', 200, { id })).status).toBe('active');
    expect((await redeem(code, key)).text).not.toContain(key);
    expect(outcome(await redeem(code, secret('good')))).toBe('201');
  });

  it('that was refused says what to do, consumed nothing, and is counted on its code', async () => {
    const { code, id } = await makeCode({ bind: { mac_address: 'dc:a6:32:01:02:03' } });
    const reply = await redeem(code, secret('wrong'));
    expect(problemOf(reply)).toMatchObject({
      ...{ status: 403, code: 'binding_mismatch', retryable: false },
      ...{
        detail: 'The code is bound to another MAC address.',
        error: 'This provisioning code is bound to other hardware',
      },
    });
    expect(problemOf(reply).next_step).toContain('The code is not used up');
    expect(await cloud.owner.call('readCode', 200, { id })).toMatchObject({
      ...{ status: 'active', failed_attempts: 1, last_failed_reason: 'binding_mismatch', used_by: null },
    });
  });

  it('tells apart what has expired and what was revoked, and nothing about what never was', async () => {
    const [expired, revoked] = [await makeCode(), await makeCode()];
    const past = cloud.database.db.updateTable('provisioning_codes').set({ expires_at_ms: 1 });
    await past.where('id', '=', expired.id).execute();
    await cloud.owner.call('revokeCode', 200, { id: revoked.id });
    expect(outcome(await redeem(expired.code))).toBe('410 code_expired');
    expect(outcome(await redeem(revoked.code))).toBe('410 code_revoked');
    const unknown = problemOf(await redeem('PROV-ZZZZ-ZZZZ'));
    const noCode = problemOf(await redeem('open sesame'));
    expect({ ...unknown, request_id: '' }).toEqual({ ...noCode, request_id: '' });
    expect(unknown.code).toBe('code_unknown');
  });

  it('re-provisions a device that is there, and no other', async () => {
    const { device_id: id } = await cloud.owner.call('createDevice', 201, { body: { name: 'kept' } });
    const { code } = await makeCode({ device_id: id });
    await cloud.owner.call('revokeDevice', 200, { id });
    expect(outcome(await redeem(code, secret('b')))).toBe('403 target_unavailable');
    expect(await cloud.owner.refusal('createCodes', { body: { device_id: id } })).toBe(
      '403 target_unavailable',
    );
    await cloud.owner.call('restoreDevice', 200, { id });
    const identity = provisionResponseSchema.parse(JSON.parse((await redeem(code, secret('b'))).text));
    expect(identity.device_id).toBe(id);
    expect((await cloud.owner.call('readDevice', 200, { id })).name).toBe('kept');
  });

  it('is throttled by address: 36 unknown codes a day, however many come at once, and no neighbour suffers', async () => {
    const guess = (index: number): string => `PROV-0000-${String(index).padStart(4, '0')}`;
    const replies = await Promise.all(
      Array.from({ length: 200 }, (_, index) => redeem(guess(index), undefined, '127.0.0.66')),
    );
    const outcomes = replies.map(outcome);
    expect(outcomes.filter((one) => one === '401 code_unknown')).toHaveLength(36);
    expect(outcomes.filter((one) => one === '429 too_many_attempts')).toHaveLength(164);
    for (const { headers, status } of replies) {
      if (status === 429) expect(Number(headers['retry-after'])).toBeGreaterThan(3600);
    }
    const { code, id } = await makeCode();
    const throttled = await redeem(code, secret('c'), '127.0.0.66');
    expect(problemOf(throttled)).toMatchObject({ status: 429, retryable: true });
    expect(await cloud.owner.call('readCode', 200, { id })).toMatchObject({
      status: 'active',
      failed_attempts: 0,
    });
    expect(outcome(await redeem(code, secret('c'), '127.0.0.67'))).toBe('201');
    // Its own repeat is no guess, whoever guessed beside it.
    const repeat = await redeem(code, secret('c'), '127.0.0.66');
    expect([repeat.status, repeat.headers['idempotent-replayed']]).toEqual([201, 'true']);
    expect(outcome(await redeem(code, secret('d'), '127.0.0.66'))).toBe('429 too_many_attempts');
  });

  it('of good devices behind one address is never throttled, nor by codes that are used or expired', async () => {
    const from = '127.0.0.68';
    const { codes } = await cloud.owner.call('createCodes', 201, { body: { count: 60 } });
    const claims = codes.flatMap(({ code }) => [
      redeem(code, secret(code), from),
      redeem(code, undefined, from),
    ]);
    const outcomes = (await Promise.all(claims)).map(outcome);
    expect(outcomes.filter((one) => one === '201').length).toBeGreaterThanOrEqual(60);
    expect(outcomes.filter((one) => one.startsWith('429'))).toEqual([]);
    for (let again = 0; again < 50; again += 1) {
      expect(outcome(await redeem('PROV-1111-1111', undefined, from))).toBe('401 code_unknown');
    }
  });

  it('on two nodes at once is one registration, and the limit of the organization holds on both', async () => {
    const other = await cloud.restart();
    const organization = await cloud.cloud.identity.createOrganization('Small', 5);
    const owner = cloud.client(await cloud.token('owner', organization));
    const { codes } = await owner.call('createCodes', 201, { body: { count: 10 } });
    const nodes = [cloud.client(), other.client()];
    const claims = codes.flatMap(({ code }) =>
      ['a', 'b', 'c'].flatMap((claimant) =>
        nodes.map(async (node) => {
          const headers = { 'idempotency-key': secret(claimant) };
          const response = await node.raw('provisionDevice', { body: { provisioning_code: code }, headers });
          return { code, status: response.status, text: await response.text() };
        }),
      ),
    );
    const made = (await Promise.all(claims)).filter(({ status }) => status === 201);
    for (const answers of Map.groupBy(made, ({ code }) => code).values()) {
      expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    }
    expect(new Set(made.map(({ code }) => code)).size).toBe(5);
    expect((await owner.call('listDevices', 200)).total).toBe(5);
    expect((await owner.call('listCodes', 200, { query: { status: 'active' } })).total).toBe(5);
    await other.stop();
  });

  it('leaves neither code nor key in a log', async () => {
    const { code } = await makeCode();
    const { api_key } = provisionResponseSchema.parse(
      JSON.parse((await redeem(code, secret('logged'))).text),
    );
    await redeem(code, secret('another'));
    const logs = cloud.logs.join('');
    for (const text of [code, code.replaceAll('-', ''), api_key, secret('logged')])
      expect(logs).not.toContain(text);
  });
});

import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { json } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import { operations } from '@edgeflow/contract';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventuallyTrue } from '../testing/eventually.ts';
import type { Principal } from './access.ts';
import { answer } from './answer.ts';
import { ProblemError } from './problems.ts';
import { route } from './route.ts';
import type { OperatorRefusal } from './server.ts';
import { call, makeHttp, type TestHttp } from './test-support.ts';

describe('whoever calls', () => {
  let http: TestHttp;
  let port: number;
  /** Who the token is of now; undefined once it is revoked. */
  let now: Pick<Principal, 'organizationId' | 'role'> | undefined;
  let recognised: number;
  let acted: string[];
  let refused: string[];
  beforeEach(async () => {
    now = { organizationId: 'org_1', role: 'operator' };
    [recognised, acted, refused] = [0, [], []];
    http = await makeHttp({
      authenticator: {
        authenticateOperator: async () => {
          recognised += 1;
          const found = now;
          // As long as a database takes.
          await turn();
          if (found === undefined) throw new ProblemError('token_rejected');
          return { kind: 'operator', id: 'tok_1', label: 'ci', ...found };
        },
      },
      onRefusal: ({ code, operator }: OperatorRefusal) =>
        void refused.push(`${operator.organizationId} ${code}`),
    });
    route(http.app, operations.createCodes, ({ caller }) => {
      acted.push(caller.role);
      throw new ProblemError('device_not_found');
    });
    route(http.app, operations.revokeDevice, ({ caller }) => {
      acted.push(caller.role);
      throw new ProblemError('device_not_found');
    });
    route(http.app, operations.updateShadow, ({ caller }) => {
      acted.push(caller.kind);
      throw new ProblemError('device_not_found');
    });
    route(http.app, operations.provisionDevice, () => {
      acted.push('anybody');
      return answer(201, { device_id: 'dev_1', api_key: 'key', expires_at: 'then' });
    });
    port = await http.listen();
  });
  afterEach(() => http.app.close());

  /** A call whose body comes once `meanwhile` has happened. */
  async function late(path: string, key: string, meanwhile: () => void): Promise<string> {
    const calling = request({
      ...{ host: '127.0.0.1', port, path, method: path.endsWith('/shadow') ? 'PUT' : 'POST' },
      headers: { 'x-api-key': key, 'content-type': 'application/json', 'content-length': 2 },
    });
    const before = recognised;
    const arrived = once(http.app.server, 'request');
    calling.write('{');
    await arrived;
    if (!key.startsWith('efk_')) await eventuallyTrue('recognised', () => recognised > before);
    for (let turns = 0; turns < 5; turns += 1) await turn();
    meanwhile();
    const answered = once(calling, 'response') as Promise<[IncomingMessage]>;
    calling.end('}');
    const [response] = await answered;
    const { code } = (await json(response)) as { code?: string };
    return `${String(response.statusCode)} ${code ?? ''}`;
  }

  const revoke = '/api/v1/devices/dev_1/revoke';

  it.each([
    ['reads it', '/api/v1/provisioning-codes'],
    ['does not', revoke],
  ])(
    'does nothing with a body that came after their token was revoked, where the call %s',
    async (_, path) => {
      const gone = (): void => void (now = undefined);
      expect(await late(path, 'token', gone)).toBe('401 token_rejected');
      expect(acted).toEqual([]);
      expect(refused).toEqual(['org_1 token_rejected']);
    },
  );

  it('is held to the role and the organization that they have when the body is there', async () => {
    expect(await late(revoke, 'token', () => (now = { organizationId: 'org_1', role: 'viewer' }))).toBe(
      '403 forbidden',
    );
    now = { organizationId: 'org_1', role: 'operator' };
    expect(await late(revoke, 'token', () => (now = { organizationId: 'org_2', role: 'owner' }))).toBe(
      '403 forbidden',
    );
    now = { organizationId: 'org_1', role: 'operator' };
    expect(await late(revoke, 'token', () => (now = { organizationId: 'org_2', role: 'viewer' }))).toBe(
      '403 forbidden',
    );
    expect(acted).toEqual([]);
    expect(refused).toEqual(['org_1 forbidden', 'org_1 forbidden', 'org_1 forbidden']);
    now = { organizationId: 'org_1', role: 'operator' };
    expect(await late(revoke, 'token', () => (now = { organizationId: 'org_1', role: 'admin' }))).toBe(
      '404 device_not_found',
    );
    expect(acted).toEqual(['admin']);
  });

  it('is looked for once where the body came with the headers, or there is none', async () => {
    const headers = { 'x-api-key': 'token' };
    await call(port, 'POST', revoke, { headers, body: {} });
    await call(port, 'POST', revoke, { headers });
    expect([acted.length, recognised]).toEqual([2, 2]);
  });

  it('is looked for not at all where a device speaks, however late its body comes', async () => {
    const path = operations.provisionDevice.path;
    const key = `efk_${'x'.repeat(40)}`;
    expect(await late('/api/v1/devices/dev_1/shadow', key, () => undefined)).toBe('404 device_not_found');
    await call(port, 'POST', path, { body: { provisioning_code: 'PROV-0000-0000' } });
    expect([acted, recognised]).toEqual([['device', 'anybody'], 0]);
  });
});

import { orderedIds, provisionRequestSchema } from '@edgeflow/contract';
import { systemRandom, systemTimers } from '@edgeflow/platform';
import { SimulatedTime } from '@edgeflow/platform/simulated';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ProblemError } from '../../http/problems.ts';
import { KeyRing } from '../../keyring/index.ts';
import { WrongCredentials } from '../../limits/wrong-credentials.ts';
import { databaseKinds, makeDatabase, type TestDatabase } from '../../storage/testing/databases.ts';
import { Codes } from '../codes/index.ts';
import { KeyAuthenticator } from '../credentials/index.ts';
import { Devices } from '../devices/index.ts';
import { Events } from '../events/index.ts';
import { FailureBudget } from '../guessing/index.ts';
import { Identity, type Operator } from '../identity/index.ts';
import { Provisioning } from './service.ts';

const secret = (name: string): string => name.padEnd(43, 'x');

describe.each(databaseKinds)('provisioning on %s', (kind) => {
  let time: SimulatedTime;
  let store: TestDatabase;
  let codes: Codes;
  let provisioning: Provisioning;
  let devices: Devices;
  let keys: KeyAuthenticator;
  let operator: Operator;

  beforeEach(async () => {
    time = new SimulatedTime(Date.now());
    store = await makeDatabase(kind, time);
    const { database } = store;
    const random = systemRandom;
    const events = new Events(database, time, () => undefined);
    const keyRing = new KeyRing('k1', new Map([['k1', random.bytes(32)]]));
    const identity = new Identity(database, random, 'b'.repeat(40));
    await identity.start();
    const caller = await identity.authenticateOperator({ credential: 'b'.repeat(40) });
    operator = {
      ...caller,
      actor: { kind: 'operator', id: caller.id, address: '127.0.0.1', requestId: 'r' },
    };
    const nextId = orderedIds(() => time.now(), random.bytes);
    const shared = { database, random, nextId, events, keyTtlDays: 365 };
    codes = new Codes({ ...shared, keyRing, codeTtlSeconds: 3600, codeGroups: undefined });
    provisioning = new Provisioning({
      ...{ ...shared, keyRing, timers: systemTimers },
      budget: new FailureBudget(time, random),
    });
    const live = { lastHeardMs: () => undefined };
    devices = new Devices({
      ...shared,
      timers: systemTimers,
      clock: time,
      live,
      securityChanged: () => undefined,
    });
    const wrongKeys = new WrongCredentials(time, random);
    keys = new KeyAuthenticator(database, systemTimers, () => undefined, wrongKeys);
  });

  afterEach(() => store.discard());

  async function makeCode(request: Partial<Parameters<Codes['create']>[1]> = {}): Promise<string> {
    const [made] = await codes.create(operator, { count: 1, tags: [], ...request });
    return made?.code ?? '';
  }

  function redeem(code: string, idempotencyKey?: string, hardware = {}, network = {}): Promise<unknown> {
    const body = provisionRequestSchema.parse({
      provisioning_code: code,
      hardware_info: hardware,
      network_info: network,
    });
    const call = { body, idempotencyKey, address: '203.0.113.7', requestId: 'req_1' };
    return provisioning.redeem(call).then(
      ({ answer, replayed }) => ({ ...answer, replayed }),
      (error: unknown) => (error instanceof ProblemError ? error.code : Promise.reject(error as Error)),
    );
  }

  it('gives the same bytes to every delivery of one claim, and refuses every other claimant', async () => {
    const code = await makeCode();
    const first = await redeem(code, secret('a'));
    expect(first).toMatchObject({ replayed: false, device_id: expect.stringMatching(/^dev_/) as string });
    expect(await redeem(code, secret('a'))).toEqual({ ...(first as object), replayed: true });
    expect(await redeem(code, secret('b'))).toBe('code_already_used');
    expect(await redeem(code)).toBe('code_already_used');
  });

  it('makes one device when a thousand claimants redeem one code at once', async () => {
    const code = await makeCode();
    const answers = await Promise.all(
      Array.from({ length: 1000 }, (_, index) => redeem(code, secret(`claimant-${String(index)}-`))),
    );
    expect(answers.filter((answer) => typeof answer === 'object')).toHaveLength(1);
    expect(answers.filter((answer) => answer === 'code_already_used')).toHaveLength(999);
    expect((await devices.list(operator, { limit: 50, sort: 'created' }, () => false)).total).toBe(1);
  });

  it('lets a code of an older device work exactly once', async () => {
    const code = await makeCode();
    expect(await redeem(code)).toMatchObject({ replayed: false });
    expect(await redeem(code)).toBe('code_already_used');
  });

  it('answers an unknown code and text that is no code alike', async () => {
    expect(await redeem('PROV-0000-0000')).toBe('code_unknown');
    expect(await redeem('what is this? \0 \ud800')).toBe('code_unknown');
  });

  it('judges expiry by the clock of the cloud or the database', async () => {
    const code = await makeCode({ ttl_seconds: 60 });
    if (kind === 'sqlite') {
      await time.advance(61_000);
    } else {
      await store.database.db
        .updateTable('provisioning_codes')
        .set({ expires_at_ms: Date.now() - 1 })
        .execute();
    }
    expect(await redeem(code, secret('a'))).toBe('code_expired');
  });

  it('replays after the code has expired or been revoked, and stops once the key has been used', async () => {
    const code = await makeCode();
    const first = (await redeem(code, secret('a'))) as { device_id: string; api_key: string };
    await store.database.db.updateTable('provisioning_codes').set({ expires_at_ms: 1 }).execute();
    expect(await redeem(code, secret('a'))).toMatchObject({ api_key: first.api_key });
    expect(await keys.authenticate(first.api_key, first.device_id, '203.0.113.7')).toMatchObject({
      kind: 'accepted',
    });
    expect(await redeem(code, secret('a'))).toBe('claim_completed');
  });

  it('refuses a replay for a revoked device and gives it again once restored', async () => {
    const code = await makeCode();
    const first = (await redeem(code, secret('a'))) as { device_id: string };
    await devices.revoke(operator, first.device_id);
    expect(await redeem(code, secret('a'))).toBe('device_revoked');
    await devices.restore(operator, first.device_id);
    expect(await redeem(code, secret('a'))).toMatchObject({ device_id: first.device_id });
    await devices.delete(operator, first.device_id);
    expect(await redeem(code, secret('a'))).toBe('claim_void');
  });

  it('consumes nothing when the hardware is not the one the code is bound to', async () => {
    const bind = { mac_address: 'dc:a6:32:01:02:03', serial_number: '10000000ABC' };
    const code = await makeCode({ bind });
    expect(await redeem(code, secret('a'), {}, { mac_address: 'b8:27:eb:00:00:01' })).toBe(
      'binding_mismatch',
    );
    const hardware = { serial_number: '10000000abc\0' };
    expect(await redeem(code, secret('a'), hardware, { mac_address: 'DC-A6-32-01-02-03\0' })).toMatchObject({
      replayed: false,
    });
  });

  it('keeps the id of a re-provisioned device and lets the old key live until the new one is used', async () => {
    const old = (await redeem(await makeCode({ device_name: 'pump' }), secret('a'))) as Identity;
    type Identity = { device_id: string; api_key: string };
    await keys.authenticate(old.api_key, old.device_id, '203.0.113.7');
    const again = (await redeem(await makeCode({ device_id: old.device_id }), secret('b'))) as Identity;
    expect(again.device_id).toBe(old.device_id);
    expect(again.api_key).not.toBe(old.api_key);
    expect((await devices.read(operator, old.device_id)).name).toBe('pump');
    expect(await keys.authenticate(old.api_key, old.device_id, '203.0.113.7')).toMatchObject({
      kind: 'accepted',
    });
    expect(await keys.authenticate(again.api_key, again.device_id, '203.0.113.7')).toMatchObject({
      kind: 'accepted',
    });
    expect(await keys.authenticate(old.api_key, old.device_id, '203.0.113.7')).toEqual({
      kind: 'refused',
      code: 'key_rejected',
    });
  });

  it('lets two codes for one device race without burning either answer', async () => {
    const old = (await redeem(await makeCode(), secret('a'))) as { device_id: string };
    const [first, second] = await Promise.all([
      makeCode({ device_id: old.device_id }),
      makeCode({ device_id: old.device_id }),
    ]);
    const answers = await Promise.all([redeem(first, secret('b')), redeem(second, secret('c'))]);
    expect(answers.every((answer) => typeof answer === 'object')).toBe(true);
    const repeats = await Promise.all([redeem(first, secret('b')), redeem(second, secret('c'))]);
    expect(repeats.filter((answer) => answer === 'claim_void')).toHaveLength(1);
  });

  it('holds the limit of the organization when many redeem at once, and burns no code by it', async () => {
    await store.database.db.updateTable('organizations').set({ device_limit: 3 }).execute();
    const made = await codes.create(operator, { count: 10, tags: [] });
    const answers = await Promise.all(made.map(({ code }) => redeem(code, secret(code))));
    expect(answers.filter((answer) => typeof answer === 'object')).toHaveLength(3);
    expect(answers.filter((answer) => answer === 'device_limit_reached')).toHaveLength(7);
    expect((await codes.list(operator, { limit: 50, status: 'active' })).total).toBe(7);
  });

  it('counts distinct unknown codes of an address and leaves other addresses alone', async () => {
    for (let index = 0; index < 36; index += 1) {
      expect(await redeem(`PROV-0000-00${String(index).padStart(2, '0')}`)).toBe('code_unknown');
      expect(await redeem('PROV-0000-0000')).toBe('code_unknown');
      if (index === 34) break;
    }
    expect(await redeem('PROV-9999-9999')).toBe('code_unknown');
    expect(await redeem('PROV-9999-9998')).toBe('too_many_attempts');
    await time.advance(24 * 3600 * 1000);
    expect(await redeem('PROV-9999-9998')).toBe('code_unknown');
  });

  it("gives a claimant its answer again though a neighbour's guessing has spent the budget of the address", async () => {
    const code = await makeCode();
    const first = await redeem(code, secret('a'));
    for (let index = 0; index < 36; index += 1) await redeem(`PROV-1111-11${String(index).padStart(2, '0')}`);
    expect(await redeem(await makeCode(), secret('b'))).toBe('too_many_attempts');
    expect(await redeem(code, secret('a'))).toEqual({ ...(first as object), replayed: true });
    expect(await redeem(code, secret('c'))).toBe('too_many_attempts');
  });

  it('stores what a device sends without NUL and lone surrogates', async () => {
    const hardware = { board_model: 'Raspberry Pi 4\0', odd: { deep: ['a\0b', '\ud800'] }, kernel: '' };
    const made = (await redeem(await makeCode(), undefined, hardware)) as { device_id: string };
    const device = await devices.read(operator, made.device_id);
    expect(device.hardware_info).toEqual({
      board_model: 'Raspberry Pi 4',
      odd: { deep: ['ab', '\ufffd'] },
      kernel: '',
    });
  });
});

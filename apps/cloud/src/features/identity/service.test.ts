import { isWellFormedOperatorToken } from '@edgeflow/contract';
import { systemRandom } from '@edgeflow/platform';
import { SimulatedTime } from '@edgeflow/platform/simulated';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ProblemError } from '../../http/problems.ts';
import { databaseKinds, makeDatabase, type TestDatabase } from '../../storage/testing/databases.ts';
import { Identity } from './service.ts';

const bootstrapToken = 'b'.repeat(40);

describe.each(databaseKinds)('operators and organizations on %s', (kind) => {
  let time: SimulatedTime;
  let store: TestDatabase;
  let identity: Identity;
  beforeEach(async () => {
    time = new SimulatedTime(Date.now());
    store = await makeDatabase(kind, time);
    identity = new Identity(store.database, systemRandom, bootstrapToken);
  });
  afterEach(() => store.discard());

  function codeOf(work: Promise<unknown>): Promise<string> {
    return work.then(
      () => 'accepted',
      (error: unknown) => (error instanceof ProblemError ? error.code : String(error)),
    );
  }

  it('the bootstrap token owns the organization that was made first, whatever the clock said', async () => {
    await identity.start();
    const first = await identity.authenticateOperator({ credential: bootstrapToken });
    expect(first).toMatchObject({ id: 'bootstrap', role: 'owner' });
    for (let index = 0; index < 5; index += 1) {
      const id = await identity.createOrganization('Later', null);
      const early = store.database.db.updateTable('organizations').set({ created_at_ms: 1 });
      await early.where('id', '=', id).execute();
    }
    const restarted = new Identity(store.database, systemRandom, bootstrapToken);
    await restarted.start();
    expect(await restarted.authenticateOperator({ credential: bootstrapToken })).toEqual(first);
  });

  it('nobody is an operator before the service has started, and no token is one where none was set', async () => {
    expect(await codeOf(identity.authenticateOperator({ credential: bootstrapToken }))).toBe('not_ready');
    const without = new Identity(store.database, systemRandom, undefined);
    await without.start();
    expect(await codeOf(without.authenticateOperator({ credential: bootstrapToken }))).toBe('token_rejected');
    await expect(identity.createToken({ name: 'early', role: 'viewer' })).rejects.toThrow('no organization');
  });

  it('a token is recognised by its hash alone, with its organization and role', async () => {
    await identity.start();
    const organizationId = await identity.createOrganization('Another', null);
    const { id, token } = await identity.createToken({ organizationId, name: 'ci', role: 'operator' });
    expect(isWellFormedOperatorToken(token)).toBe(true);
    expect(await identity.authenticateOperator({ credential: token })).toEqual({
      ...{ kind: 'operator', id, organizationId, role: 'operator', label: 'ci' },
    });
    const rows = await store.database.db.selectFrom('operator_tokens').selectAll().execute();
    expect(JSON.stringify(rows)).not.toContain(token);
    expect(JSON.stringify(rows)).toMatch(/"token_hash":"[0-9a-f]{64}"/);
    for (const credential of [
      '',
      token.slice(0, -1),
      `${token}x`,
      token.toLowerCase(),
      rows[0]?.token_hash ?? '',
    ]) {
      expect(await codeOf(identity.authenticateOperator({ credential })), credential).toBe('token_rejected');
    }
  });

  it('a token is rejected from its very last second on, like one that never was', async () => {
    await identity.start();
    const { id, token } = await identity.createToken({ name: 'short', role: 'viewer', ttlSeconds: 60 });
    expect(await codeOf(identity.authenticateOperator({ credential: token }))).toBe('accepted');
    const row = store.database.db.selectFrom('operator_tokens').select('expires_at_ms').where('id', '=', id);
    const { expires_at_ms: expiresAtMs } = await row.executeTakeFirstOrThrow();
    expect(Math.abs((expiresAtMs ?? 0) - (await store.database.nowMs()) - 60_000)).toBeLessThan(10_000);
    const now = await store.database.nowMs();
    await store.database.db.updateTable('operator_tokens').set({ expires_at_ms: now }).execute();
    expect(await codeOf(identity.authenticateOperator({ credential: token }))).toBe('token_rejected');
  });
});

import { systemClock, systemTimers } from '@edgeflow/platform';
import { type RawBuilder, sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Forgetting } from '../storage/forgetting.ts';
import { databaseKinds, makeDatabase, type TestDatabase } from '../storage/testing/databases.ts';
import { forgetOld } from './alerts/forget.ts';
import { forgetEvents } from './events/index.ts';
import { forgetConnections } from './presence/index.ts';

const rows = 1_250;
const atOnce = 500;

interface Kind {
  readonly table: string;
  /** Fills the table with old rows, given a source of numbers `n(i)`. */
  readonly fill: RawBuilder<unknown>;
  readonly forget: (forgetting: Forgetting) => Promise<void>;
}

const kinds: readonly Kind[] = [
  {
    table: 'events',
    fill: sql`insert into events (organization_id, at_ms, type, object_id, data)
      select 'org', 1, 'device.online', 'x', '{}' from n`,
    forget: (forgetting) => forgetEvents(forgetting, 2, atOnce),
  },
  {
    table: 'device_connections',
    fill: sql`insert into device_connections (device_id, epoch, organization_id, began_at_ms, ended_at_ms)
      select 'device', i, 'org', 1, 1 from n`,
    forget: (forgetting) => forgetConnections(forgetting, 2, atOnce),
  },
  {
    table: 'alert_deliveries',
    fill: sql`insert into alert_deliveries (id, organization_id, endpoint_id, kind, body, state, attempts, next_at_ms,
        created_at_ms, finished_at_ms)
      select 'message ' || i, 'org', 'endpoint', 'test', '{}', 'delivered', 1, 1, 1, 1 from n`,
    forget: forgetOld,
  },
  {
    table: 'alert_incidents',
    fill: sql`insert into alert_incidents (id, organization_id, rule_id, device_group, condition, state, created_at_ms,
        from_ms, to_ms, devices_joined, devices_now, messages, told_devices, resolved_at_ms)
      select 'incident ' || i, 'org', 'rule', '', 'offline', 'resolved', 1, 1, 1, 1, 0, 0, 0, 1 from n`,
    forget: forgetOld,
  },
];

describe.each(databaseKinds)('what is forgotten on %s', (kind) => {
  let store: TestDatabase;
  let turns: number;
  beforeAll(async () => {
    store = await makeDatabase(kind, systemClock);
    const { db } = store.database;
    await sql`insert into organizations (id, name, created_at_ms) values ('org', 'org', 1)`.execute(db);
    await sql`insert into devices (id, organization_id, lifecycle, tags, origin, hardware_info, network_info,
        search_text, created_at_ms, lifecycle_changed_at_ms, session_epoch, presence)
      values ('device', 'org', 'active', '[]', 'code', '{}', '{}', '', 1, 1, 9999, 'offline')`.execute(db);
  });
  beforeEach(() => {
    turns = 0;
  });
  afterAll(() => store.discard());

  /** @param turnsMax turns after which the cloud stops */
  function forgetting(turnsMax = Infinity): Forgetting {
    const soon = (callback: () => void): void => {
      turns += 1;
      systemTimers.soon(callback);
    };
    return { database: store.database, timers: { soon }, isStopped: () => turns >= turnsMax };
  }

  async function fill(statement: RawBuilder<unknown>): Promise<void> {
    const numbers =
      kind === 'sqlite'
        ? sql`n(i) as (select 1 union all select i + 1 from n where i < ${rows})`
        : sql`n(i) as (select generate_series(1, cast(${rows} as bigint)))`;
    await sql`with recursive ${numbers} ${statement}`.execute(store.database.db);
  }

  async function count(table: string): Promise<number> {
    const found = await sql<{ n: number }>`select count(*) as n from ${sql.table(table)}`.execute(
      store.database.db,
    );
    return found.rows[0]?.n ?? 0;
  }

  describe.each(kinds)('of $table', ({ fill: statement, forget, table }) => {
    afterEach(() => sql`delete from ${sql.table(table)}`.execute(store.database.db));

    it('goes part by part, and between two parts everything else has its turn', async () => {
      await fill(statement);
      await forget(forgetting());
      expect(await count(table)).toBe(0);
      expect(turns).toBe(2);
    });

    it('is no more than the part at hand once the cloud stops', async () => {
      await fill(statement);
      await forget(forgetting(1));
      expect(await count(table)).toBe(rows - atOnce);
    });
  });
});

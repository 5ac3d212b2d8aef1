import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { databaseKinds } from '../../storage/testing/databases.ts';
import { EventStream } from '../../testing/event-stream.ts';
import { eventuallyTrue } from '../../testing/eventually.ts';
import {
  bootstrapToken,
  type RunningCloud,
  startTestCloud,
  type TestCloud,
} from '../../testing/test-cloud.ts';
import { type EventFact, insertEvents } from './store.ts';

describe.each(databaseKinds)('the stream of events on %s', (kind) => {
  let cloud: TestCloud;
  const streams: EventStream[] = [];
  /** Timers that run while nobody reads. */
  let quiet: number;
  beforeAll(async () => {
    cloud = await startTestCloud(kind);
    quiet = cloud.time.pendingCount;
  });
  afterEach(async () => {
    for (const stream of streams.splice(0)) await stream.close();
    // The cloud has noticed it once the timer of each is gone.
    await eventuallyTrue('all streams closed', () => cloud.time.pendingCount <= quiet);
  });
  afterAll(() => cloud.discard());

  async function open(
    after?: number | string,
    token = bootstrapToken,
    origin = cloud.origin,
  ): Promise<EventStream> {
    const stream = await EventStream.open(origin, token, after);
    streams.push(stream);
    return stream;
  }

  async function makeDevice(at: RunningCloud = cloud): Promise<string> {
    return (await at.owner.call('createDevice', 201, { body: {} })).device_id;
  }

  /** Ids of all events of the first organization, in the order of their numbers. */
  async function stored(): Promise<number[]> {
    const rows = cloud.database.db.selectFrom('events').select('sequence').orderBy('sequence');
    return (await rows.execute()).map(({ sequence }) => sequence);
  }

  it('says what happened, to what, when, in the form of the contract', async () => {
    const stream = (await open()).read();
    const { headers } = stream.response;
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-accel-buffering': 'no' });
    expect(headers['content-type']).toContain('text/event-stream');
    const id = await makeDevice();
    const [event] = await stream.count(1);
    expect(event).toMatchObject({ type: 'device.created', object: id, data: { device_id: id } });
    const before = (await stored()).at(-2) ?? 0;
    expect(stream.others).toEqual(['retry: 2000', `id: ${String(before)}`]);
  });

  it('resumes after Last-Event-ID, with everything since and nothing twice', async () => {
    const stream = (await open()).read();
    const ids = [await makeDevice(), await makeDevice(), await makeDevice()];
    await stream.count(3);
    const first = stream.events[0]?.id ?? 0;
    await stream.close();
    ids.push(await makeDevice());
    const resumed = (await open(first)).read();
    expect((await resumed.count(3)).map(({ object }) => object)).toEqual(ids.slice(1));
    const later = await makeDevice();
    expect((await resumed.count(4)).at(-1)?.object).toBe(later);
  });

  it('refuses a Last-Event-ID that is none', async () => {
    for (const id of ['abc', '-1', '1.5', '9'.repeat(20)]) {
      const response = await cloud.owner.raw('streamEvents', { headers: { 'last-event-id': id } });
      expect(await response.json(), id).toMatchObject({ status: 400, code: 'request_malformed' });
    }
  });

  it('shows an organization its own events alone', async () => {
    const organization = await cloud.cloud.identity.createOrganization('Another', null);
    const token = await cloud.token('viewer', organization);
    const owner = cloud.client(await cloud.token('owner', organization));
    const [ours, theirs] = [(await open()).read(), (await open(0, token)).read()];
    await makeDevice();
    const { device_id: id } = await owner.call('createDevice', 201, { body: {} });
    const last = await makeDevice();
    await ours.count(2);
    expect(ours.events.at(-1)?.object).toBe(last);
    expect((await theirs.count(1)).map(({ object }) => object)).toEqual([id]);
    expect(ours.events.map(({ object }) => object)).not.toContain(id);
    await cloud.database.db.deleteFrom('events').where('organization_id', '=', organization).execute();
  });

  it('has no gap and no repetition under many writers, for readers that come and go', async () => {
    const start = (await stored()).at(-1) ?? 0;
    const steady = (await open(start)).read();
    const writers = Promise.all(
      Array.from({ length: 12 }, async () => {
        for (let index = 0; index < 10; index += 1) await makeDevice();
      }),
    );
    const restless: number[] = [];
    while (restless.length < 120) {
      const stream = (await open(restless.at(-1) ?? start)).read();
      await stream.count(1);
      await stream.close();
      restless.push(...stream.events.map(({ id }) => id));
    }
    await writers;
    await steady.count(120);
    const expected = (await stored()).filter((sequence) => sequence > start);
    expect(expected).toHaveLength(120);
    expect(steady.events.map(({ id }) => id)).toEqual(expected);
    expect(restless).toEqual(expected);
  });

  /** Whether a transaction waits for another. With SQLite all do: there is one connection. */
  async function somebodyWaits(): Promise<boolean> {
    if (kind === 'sqlite') return true;
    const waiting = await sql`select 1 from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`.execute(cloud.database.db);
    return waiting.rows.length > 0;
  }

  it('never shows a later event before an earlier one that is still being committed', async () => {
    const stream = (await open()).read();
    const { id: organizationId } = await cloud.database.db
      .selectFrom('organizations')
      .select('id')
      .where('name', '=', 'My organization')
      .executeTakeFirstOrThrow();
    const early: EventFact = { organizationId, atMs: 1, type: 'device.updated', objectId: 'early', data: {} };
    const held = Promise.withResolvers<undefined>();
    const inserted = Promise.withResolvers<undefined>();
    const committing = cloud.database.transaction(async (tx) => {
      await insertEvents(tx, [early]);
      inserted.resolve(undefined);
      await held.promise;
    });
    await inserted.promise;
    let made: string | undefined;
    const making = makeDevice().then((id) => {
      made = id;
    });
    await eventuallyTrue('the other waits', async () => made !== undefined || (await somebodyWaits()));
    await cloud.time.advance(2_000);
    expect([made, stream.events]).toEqual([undefined, []]);
    held.resolve(undefined);
    await Promise.all([committing, making]);
    expect((await stream.count(2)).map(({ object }) => object)).toEqual(['early', made]);
  });

  it('waits for a reader that does not read, and then tells it everything', async () => {
    const count = 3_000;
    const start = (await stored()).at(-1) ?? 0;
    const slow = await open(start);
    const quick = (await open(start)).read();
    const { organization_id: organizationId } = await cloud.database.db
      .selectFrom('devices')
      .select('organization_id')
      .executeTakeFirstOrThrow();
    const facts = Array.from({ length: count }, (_, index): EventFact => {
      const data = { padding: 'x'.repeat(1_000) };
      return { organizationId, atMs: 1, type: 'device.updated', objectId: `dev_${String(index)}`, data };
    });
    await cloud.database.transaction((tx) => insertEvents(tx, facts));
    await cloud.time.advance(1_000);
    await quick.count(count);
    slow.read();
    expect((await slow.count(count)).map(({ object }) => object)).toEqual(
      facts.map(({ objectId }) => objectId),
    );
    await cloud.database.db.deleteFrom('events').where('at_ms', '=', 1).execute();
  });

  it('says every 15 seconds that it is still there, and frees everything when its reader goes', async () => {
    const none = cloud.time.pendingCount;
    const stream = (await open()).read();
    expect(cloud.time.pendingCount).toBe(none + 2);
    await cloud.time.advance(31_000);
    await eventuallyTrue('two comments', () => stream.others.length === 4);
    expect(stream.others.slice(2)).toEqual([': still here', ': still here']);
    await stream.close();
    await eventuallyTrue('its timer gone', () => cloud.time.pendingCount === none);
  });

  it('carries the events of another node within a second', async () => {
    const other = await cloud.restart();
    const stream = (await open()).read();
    const id = await makeDevice(other);
    await cloud.time.advance(1_000);
    expect((await stream.count(1))[0]?.object).toBe(id);
    await other.stop();
  });

  it('ends when the service stops', async () => {
    const stream = (await open()).read();
    await cloud.stop();
    await stream.ended;
    expect(stream.response.complete).toBe(true);
  });
});

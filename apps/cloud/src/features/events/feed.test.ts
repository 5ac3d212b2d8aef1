import { SimulatedTime } from '@edgeflow/platform/simulated';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { databaseKinds, makeDatabase, type TestDatabase } from '../../storage/testing/databases.ts';
import { eventuallyTrue } from '../../testing/eventually.ts';
import { type EventReader, Events, type Subscription } from './feed.ts';
import { type EventFact, insertEvents } from './store.ts';

const organizationId = 'org_1';

describe.each(databaseKinds)('the feed of events on %s', (kind) => {
  let time: SimulatedTime;
  let store: TestDatabase;
  let events: Events;
  let failures: unknown[];
  beforeEach(async () => {
    time = new SimulatedTime();
    store = await makeDatabase(kind, time);
    failures = [];
    events = new Events(store.database, time, (error) => failures.push(error));
    const row = { id: organizationId, name: 'o', device_limit: null, device_count: 0, created_at_ms: 1 };
    await store.database.db.insertInto('organizations').values(row).execute();
  });
  afterEach(async () => {
    events.stop();
    await store.discard();
  });

  const fact = (objectId: string): EventFact => ({
    ...{ organizationId, atMs: 1, type: 'device.updated', objectId, data: { device_id: objectId } },
  });

  function write(...ids: readonly string[]): Promise<void> {
    return store.database.transaction((tx) => insertEvents(tx, ids.map(fact)));
  }

  /** A reader that keeps the ids it is shown, and says it is busy after every `pauseAfter` of them. */
  function reader(pauseAfter = Number.POSITIVE_INFINITY): EventReader & { readonly seen: string[] } {
    const seen: string[] = [];
    return {
      seen,
      onEvent: ({ objectId }) => seen.push(objectId) % pauseAfter !== 0,
      onEnd: () => seen.push('end'),
    };
  }

  /** Subscribes, and starts at once. */
  async function start(after: number | undefined, one: EventReader): Promise<Subscription | undefined> {
    const subscription = await events.subscribe(organizationId, after, one);
    subscription?.resume();
    return subscription;
  }

  it('begins with what comes after it was opened, and looks when it is poked', async () => {
    await write('before');
    const one = reader();
    await start(undefined, one);
    await write('a', 'b');
    events.poke();
    await eventuallyTrue('both', () => one.seen.length === 2);
    expect(one.seen).toEqual(['a', 'b']);
  });

  it('says where it begins, and begins only when it is told to', async () => {
    await write('a');
    const one = reader();
    const subscription = await events.subscribe(organizationId, undefined, one);
    expect(subscription?.startsAfter).toBe(1);
    await write('b');
    events.poke();
    await store.database.nowMs();
    expect(one.seen).toEqual([]);
    subscription?.resume();
    await eventuallyTrue('it', () => one.seen.length === 1);
  });

  it('looks once a second by itself, for what other nodes have written', async () => {
    const one = reader();
    await start(undefined, one);
    events.start();
    await write('from another node');
    await time.advance(999);
    expect(one.seen).toEqual([]);
    await time.advance(1);
    await eventuallyTrue('it', () => one.seen.length === 1);
  });

  it('goes on after a busy reader where it stopped, and reads no further meanwhile', async () => {
    const one = reader(2);
    const subscription = await start(0, one);
    await write('a', 'b', 'c', 'd', 'e');
    events.poke();
    await eventuallyTrue('two', () => one.seen.length === 2);
    events.poke();
    await write('f');
    events.poke();
    expect(one.seen).toEqual(['a', 'b']);
    subscription?.resume();
    await eventuallyTrue('four', () => one.seen.length === 4);
    subscription?.resume();
    await eventuallyTrue('six', () => one.seen.length === 6);
    expect(one.seen.join('')).toBe('abcdef');
  });

  it('hands on thousands in their order, page after page', async () => {
    const ids = Array.from({ length: 1_050 }, (_, index) => `dev_${String(index)}`);
    await write(...ids);
    const one = reader();
    await start(0, one);
    await eventuallyTrue('all', () => one.seen.length >= ids.length);
    expect(one.seen).toEqual(ids);
  });

  it('tells nothing to a reader that was closed, even in the middle of a page', async () => {
    await write('a', 'b', 'c');
    const seen: string[] = [];
    const subscription = await events.subscribe(organizationId, 0, {
      onEvent: ({ objectId }) => {
        seen.push(objectId);
        subscription?.close();
        return true;
      },
      onEnd: () => seen.push('end'),
    });
    subscription?.resume();
    await eventuallyTrue('the first', () => seen.length === 1);
    await write('d');
    events.poke();
    events.stop();
    expect(seen).toEqual(['a']);
  });

  it('ends its readers when the service stops, and takes no more', async () => {
    const one = reader();
    await start(undefined, one);
    events.stop();
    expect(one.seen).toEqual(['end']);
    expect(await events.subscribe(organizationId, undefined, reader())).toBeUndefined();
  });

  it('takes a thousand readers and no more, until one leaves', async () => {
    const subscriptions = await Promise.all(
      Array.from({ length: 1_000 }, (_, index) => events.subscribe(`org_${String(index % 4)}`, 0, reader())),
    );
    expect(subscriptions).not.toContain(undefined);
    expect(await events.subscribe('org_5', 0, reader())).toBeUndefined();
    subscriptions[0]?.close();
    expect(await events.subscribe('org_5', 0, reader())).toBeDefined();
  });

  it('goes on from the same place after the database has failed', async () => {
    const one = reader();
    await start(undefined, one);
    await eventuallyTrue('quiet', () => one.seen.length === 0);
    const { schema } = store.database.db;
    await schema.alterTable('events').renameTo('events_gone').execute();
    events.poke();
    await eventuallyTrue('a failure', () => failures.length === 1);
    await schema.alterTable('events_gone').renameTo('events').execute();
    await write('a');
    events.poke();
    await eventuallyTrue('it', () => one.seen.length === 1);
  });

  it('begins now for a place that has not been reached: it came from another database', async () => {
    await write('a');
    const one = reader();
    await start(1_000_000, one);
    await write('b');
    events.poke();
    await eventuallyTrue('it', () => one.seen.length === 1);
    expect(one.seen).toEqual(['b']);
  });

  it('leaves room for the readers of others when one organization opens ever more', async () => {
    const opened = await Promise.all(
      Array.from({ length: 251 }, () => events.subscribe(organizationId, undefined, reader())),
    );
    expect(opened.filter((one) => one === undefined)).toHaveLength(1);
    expect(await events.subscribe('org_2', undefined, reader())).toBeDefined();
    opened[0]?.close();
    expect(await events.subscribe(organizationId, undefined, reader())).toBeDefined();
  });
});

import { setImmediate } from 'node:timers/promises';
import { systemClock, systemTimers } from '@edgeflow/platform';
import { SimulatedTime } from '@edgeflow/platform/simulated';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CliFailure } from '../failure.ts';
import { sendProblem, TinyCloud, tinyToken } from '../testing/tiny-cloud.ts';
import { Client } from './client.ts';
import { silenceMs } from './events.ts';
import { type Break, followEvents } from './follow.ts';
import type { ServerSentEvent } from './sse.ts';

let cloud: TinyCloud;
let client: Client;

beforeEach(async () => {
  cloud = await TinyCloud.start();
  client = makeClient();
});
afterEach(async () => {
  client.close();
  await cloud.stop();
});

function makeClient(timers: ConstructorParameters<typeof Client>[0]['timers'] = systemTimers): Client {
  const settings = { url: new URL(cloud.url), token: tinyToken, caPem: undefined, proxyEnv: {} };
  return new Client({ settings, timers, userAgent: 'test' });
}

/** Sources whose jitter is all there may be, and none. */
const longest = { bytes: (length: number) => new Uint8Array(length).fill(0xff) };
const shortest = { bytes: (length: number) => new Uint8Array(length) };

interface Following {
  readonly events: AsyncGenerator<ServerSentEvent, never, undefined>;
  readonly breaks: Break[];
}

/** Follows the cloud on real sockets; the waits between are shortened by simulated time that passes by itself. */
function follow(after?: string, random = shortest): Following {
  const breaks: Break[] = [];
  const time = new SimulatedTime();
  let passed = Promise.resolve();
  const events = followEvents(
    {
      clock: systemClock,
      timers: time,
      random,
      open: (id) => client.openEvents(id),
      onBreak: (event) => {
        breaks.push(event);
        // The wait begins after this returns; one span must end before the next begins.
        passed = passed.then(async () => {
          await setImmediate();
          await time.advance(event.delayMs);
        });
      },
    },
    after,
  );
  return { events, breaks };
}

async function take(
  events: AsyncGenerator<ServerSentEvent, never, undefined>,
  count: number,
): Promise<string[]> {
  const ids: string[] = [];
  while (ids.length < count) ids.push((await events.next()).value.id);
  return ids;
}

describe('following events', () => {
  it('gives each event once and in order, across streams that end and sockets that break', async () => {
    const { events, breaks } = follow('0');
    for (let i = 0; i < 3; i += 1) cloud.stream.send('device.online', 'dev_1');
    expect(await take(events, 3)).toEqual(['1', '2', '3']);

    cloud.stream.break('reset');
    cloud.stream.send('device.offline', 'dev_1');
    expect(await take(events, 1)).toEqual(['4']);

    cloud.stream.break('end');
    cloud.stream.send('device.online', 'dev_1');
    cloud.stream.send('device.offline', 'dev_1');
    expect(await take(events, 2)).toEqual(['5', '6']);

    expect(cloud.stream.resumed).toEqual(['0', '3', '4']);
    expect(breaks.map(({ failure, resumeAfter }) => [failure?.facts.code, resumeAfter])).toEqual([
      ['unavailable', '3'],
      [undefined, '4'],
    ]);
    await events.return(undefined as never);
  });

  it('resumes after an id that came without an event: nothing that happens meanwhile is missed', async () => {
    cloud.stream.send('device.online', 'dev_1');
    cloud.stream.send('device.offline', 'dev_1');
    const { events } = follow();
    const first = events.next();
    await cloud.stream.nextReader();
    cloud.stream.write('id: 2\n\n');
    const again = cloud.stream.nextReader();
    cloud.stream.break('end');
    cloud.stream.send('device.online', 'dev_1');
    await again;
    expect(cloud.stream.resumed).toEqual([undefined, '2']);
    expect((await first).value.id).toBe('3');
    await events.return(undefined as never);
  });

  it('waits twice as long after each attempt in vain, up to a minute, and anew after an event', async () => {
    cloud.stream.send('device.online', 'dev_1');
    const { events, breaks } = follow('0', longest);
    await take(events, 1);
    let refusals = 0;
    cloud.override = (_, response) => {
      refusals += 1;
      if (refusals > 7) return false;
      response.destroy();
      return true;
    };
    cloud.stream.break('reset');
    cloud.stream.send('device.offline', 'dev_1');
    expect(await take(events, 1)).toEqual(['2']);
    const again = cloud.stream.nextReader();
    cloud.stream.break('end');
    const third = events.next();
    await again;
    const ceilings = breaks.map(({ delayMs }) => delayMs + 1);
    expect(ceilings).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 1_000]);
    cloud.stream.send('device.online', 'dev_1');
    expect((await third).value.id).toBe('3');
    await events.return(undefined as never);
  });

  it('waits no less than the cloud asks', async () => {
    cloud.stream.send('device.online', 'dev_1');
    const { events, breaks } = follow('0', shortest);
    await take(events, 1);
    cloud.override = (_, response) => {
      cloud.override = () => false;
      sendProblem(response, 'not_ready');
      return true;
    };
    cloud.stream.break('reset');
    cloud.stream.send('device.offline', 'dev_1');
    expect(await take(events, 1)).toEqual(['2']);
    expect(breaks.map(({ delayMs }) => delayMs)).toEqual([0, 7_000]);
    await events.return(undefined as never);
  });

  it('fails at once when the first connection fails: a wrong address does not hang', async () => {
    await cloud.stop();
    const { events, breaks } = follow();
    await expect(events.next()).rejects.toBeInstanceOf(CliFailure);
    expect(breaks).toEqual([]);
    cloud = await TinyCloud.start();
  });

  it('ends when the cloud refuses, later too: a revoked token is not tried for ever', async () => {
    cloud.stream.send('device.online', 'dev_1');
    const { events } = follow('0');
    await take(events, 1);
    cloud.override = (_, response) => {
      sendProblem(response, 'token_rejected');
      return true;
    };
    cloud.stream.break('reset');
    await expect(events.next()).rejects.toMatchObject({ exitCode: 3 });
  });

  it('closes its stream when the reader has seen enough', async () => {
    cloud.stream.send('device.online', 'dev_1');
    const { events } = follow('0');
    await take(events, 1);
    await events.return(undefined as never);
    await cloud.stream.noReaders();
  });
});

describe('a stream', () => {
  it('that says nothing for three heartbeats, counted from its last word, is broken', async () => {
    const time = new SimulatedTime();
    const simulated = makeClient(time);
    const events = (await simulated.openEvents(undefined)).events();
    const first = events.next();
    await time.advance(silenceMs - 1);
    cloud.stream.send('device.online', 'dev_1');
    expect((await first).done).toBe(false);
    const second = events.next().catch((error: unknown) => error);
    await time.advance(silenceMs - 1);
    expect(time.pendingCount).toBe(1);
    await time.advance(1);
    expect(await second).toMatchObject({
      exitCode: 6,
      facts: { detail: expect.stringContaining('ETIMEDOUT') },
    });
    expect(time.pendingCount).toBe(0);
    simulated.close();
  });

  it('of an event that never ends is refused', async () => {
    const connection = await client.openEvents(undefined);
    const reading = connection.events().next();
    cloud.stream.write(`data: ${'x'.repeat(1024 * 1024 + 1)}`);
    await expect(reading).rejects.toMatchObject({ facts: { code: 'answer_malformed' } });
  });

  it('of another media type is none', async () => {
    cloud.override = (_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>');
      return true;
    };
    await expect(client.openEvents(undefined)).rejects.toMatchObject({ facts: { code: 'not_the_cloud' } });
  });
});

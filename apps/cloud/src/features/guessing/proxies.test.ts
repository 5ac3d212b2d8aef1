import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeProvisioningCode } from '@edgeflow/contract';
import { systemClock, systemFiles, systemRandom, systemTimers } from '@edgeflow/platform';
import { SimulatedTime } from '@edgeflow/platform/simulated';
import { afterEach, describe, expect, it } from 'vitest';
import { buildCloud } from '../../cloud.ts';
import { parseNetworks } from '../../http/addresses.ts';
import { startListeners } from '../../http/listeners.ts';
import { makeDatabase } from '../../storage/testing/databases.ts';
import { cloudDeps } from '../../testing/test-cloud.ts';
import { openCertificates } from '../../tls/index.ts';

const anyPort = { host: '127.0.0.1', port: 0, portGiven: true };
const cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

type Send = (listener: 'http' | 'https', from: string, forwarded?: string | string[]) => Promise<number>;

/** A real cloud on both listeners; sends one guess from an address of the loopback network. */
async function start(trustedProxies: string): Promise<Send> {
  const folder = await mkdtemp(join(tmpdir(), 'edgeflow-proxies-'));
  cleanUp.push(() => rm(folder, { recursive: true }));
  const time = new SimulatedTime(Date.now());
  const store = await makeDatabase('sqlite', time);
  cleanUp.push(() => store.discard());
  const reading = parseNetworks(trustedProxies);
  if (!reading.ok) throw new Error(reading.problem);
  const deps = { ...cloudDeps(store.database, time), trustedProxies: reading.networks };
  const cloud = await buildCloud(deps);
  await cloud.start();
  const { logger } = deps;
  const certificates = await openCertificates({
    ...{ files: systemFiles, clock: systemClock, timers: systemTimers, random: systemRandom, logger },
    ...{ certificateFiles: undefined, dataFolder: folder, hostName: 'localhost' },
  });
  const listeners = await startListeners({
    ...{ app: cloud.app, https: anyPort, http: anyPort, certificates, logger },
    onUpgrade: (request, socket, head) => {
      cloud.upgrade(request, socket, head);
    },
    time: { clock: systemClock, timers: systemTimers },
  });
  cleanUp.push(() => Promise.all([listeners.stop(0), cloud.stop()]));
  return async (listener, from, forwarded) => {
    const port = listeners[listener]?.port ?? 0;
    const options = {
      ...{ host: '127.0.0.1', port, path: '/api/v1/devices/provision', method: 'POST', agent: false },
      localAddress: from,
      headers: {
        'content-type': 'application/json',
        ...(forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }),
      },
    } as const;
    const sent =
      listener === 'http' ? httpRequest(options) : httpsRequest({ ...options, ca: certificates.caPem });
    sent.end(JSON.stringify({ provisioning_code: makeProvisioningCode(2, systemRandom.bytes) }));
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    answer.resume();
    await once(answer, 'end');
    return answer.statusCode ?? 0;
  };
}

const listenersInTurn = ['http', 'https'] as const;

/** How many of so many guesses were judged. */
async function judged(
  send: Send,
  count: number,
  from: string,
  forwarded: (index: number) => string | string[],
): Promise<number> {
  const statuses: number[] = [];
  for (let index = 0; index < count; index += 1) {
    statuses.push(await send(listenersInTurn[index % 2] ?? 'http', from, forwarded(index)));
  }
  expect(statuses.filter((status) => status !== 401 && status !== 429)).toEqual([]);
  return statuses.filter((status) => status === 401).length;
}

describe('the budget of an address, on both listeners', () => {
  it('is one, and nothing that a stranger writes into X-Forwarded-For gives another', async () => {
    const send = await start('127.0.0.9');
    const spoofed = (index: number): string | string[] =>
      [
        `203.0.113.${String(index)}`,
        `127.0.0.9, 203.0.113.${String(index)}`,
        ['127.0.0.9', '127.0.0.9'],
        '',
        '\t,,;',
      ][index % 5] ?? '';
    expect(await judged(send, 50, '127.0.0.2', spoofed)).toBe(36);
    expect(await send('https', '127.0.0.2')).toBe(429);
    expect(await send('https', '127.0.0.3')).toBe(401);
  });

  it('is that of the last hop that is not a trusted proxy', async () => {
    const send = await start('127.0.0.9, 10.0.0.0/8');
    // The client writes what it likes in front; its provider's proxy and ours add what they saw.
    const hops = (index: number): string | string[] =>
      [
        `192.0.2.${String(index)}, 203.0.113.5, 10.0.0.1`,
        ['192.0.2.1', `10.0.0.${String(index)}`, '203.0.113.5', '10.1.1.1, 10.2.2.2'],
        '203.0.113.5:4711',
        '::ffff:203.0.113.5',
      ][index % 4] ?? '';
    expect(await judged(send, 50, '127.0.0.9', hops)).toBe(36);
    expect(await send('http', '127.0.0.9', '203.0.113.6')).toBe(401);
    expect(await send('http', '127.0.0.9', '203.0.113.5, 203.0.113.6')).toBe(401);
    expect(await send('http', '127.0.0.9', '203.0.113.6, 203.0.113.5')).toBe(429);
  });

  it('is that of the proxy itself where its header is garbage', async () => {
    const send = await start('127.0.0.9');
    const garbage = (index: number): string =>
      [
        `unknown`,
        `_hidden${String(index)}`,
        `203.0.113.${String(index)}, nonsense`,
        `999.1.1.${String(index)}`,
        ',',
      ][index % 5] ?? '';
    expect(await judged(send, 50, '127.0.0.9', garbage)).toBe(36);
    expect(await send('http', '127.0.0.9', '203.0.113.9')).toBe(401);
  });
});

import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemTimers, type Timers } from '@edgeflow/platform';
import { SimulatedTime } from '@edgeflow/platform/simulated';
import { afterEach, describe, expect, it } from 'vitest';
import { type NetworkSet, noNetworks, parseNetworks } from '../http/addresses.ts';
import { addressProblem, mayCall } from './destinations.ts';
import { type Poster, publicPoster } from './post.ts';

function networks(text: string) {
  const reading = parseNetworks(text);
  if (!reading.ok) throw new Error(reading.problem);
  return reading.networks;
}

describe('addresses that somebody else has named', () => {
  it.each([
    ...['127.0.0.1', '10.1.2.3', '172.16.0.1', '192.168.1.1', '169.254.169.254', '100.64.0.1', '0.0.0.0'],
    ...[
      '224.0.0.1',
      '255.255.255.255',
      '192.0.2.1',
      '198.18.0.1',
      '::1',
      '::',
      'fe80::1',
      'fd00::1',
      'ff02::1',
    ],
    ...['::ffff:10.0.0.1', '::ffff:127.0.0.1', '64:ff9b::a00:1', '2002:a00:1::', '2001:db8::1', 'fec0::1'],
    ...['fe80::1%eth0', 'name', ''],
  ])('may not be called where they are not public: %s', (address) => {
    expect(mayCall(address, noNetworks)).toBe(false);
  });

  it.each(['93.184.216.34', '2606:2800:220:1::1', '::ffff:93.184.216.34'])('may be called: %s', (address) => {
    expect(mayCall(address, noNetworks)).toBe(true);
  });

  it('may be called in the networks that whoever runs the cloud has named', () => {
    expect(mayCall('10.1.2.3', networks('10.0.0.0/8'))).toBe(true);
    expect(mayCall('::ffff:10.1.2.3', networks('10.0.0.0/8'))).toBe(true);
    expect(mayCall('192.168.1.1', networks('10.0.0.0/8'))).toBe(false);
  });

  it('are URLs of https, or of http to this machine where that is allowed', () => {
    const loopback = networks('127.0.0.0/8');
    expect(addressProblem('https://example.org/hook', noNetworks)).toBeUndefined();
    expect(addressProblem('http://127.0.0.1:8080/', loopback)).toBeUndefined();
    expect(addressProblem('http://localhost/', loopback)).toBeUndefined();
    expect(addressProblem('http://localhost/', noNetworks)).toMatch(/not on the public internet/);
    expect(addressProblem('http://10.0.0.1/', networks('10.0.0.0/8'))).toMatch(/https/);
    expect(addressProblem('https://2130706433/', noNetworks)).toMatch(
      /127.0.0.1 is not on the public internet/,
    );
    expect(addressProblem('https://0x7f.1/', noNetworks)).toMatch(/127.0.0.1/);
  });
});

describe('a post', () => {
  const servers: Server[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    }
  });

  async function listen(answer: RequestListener): Promise<string> {
    const server = createServer(answer);
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return `http://localhost:${String((server.address() as AddressInfo).port)}/`;
  }

  const refused: unknown[] = [];
  const posterTo = (allowed: NetworkSet, timers: Timers = systemTimers): Poster =>
    publicPoster({ timers, allowed, onRefused: (...told) => refused.push(told) });
  const poster = posterTo(networks('127.0.0.0/8'));

  it('is over with the status, however much else comes, and goes nowhere else', async () => {
    let calls = 0;
    const url = await listen((_, response) => {
      calls += 1;
      response.writeHead(307, { location: '/again' });
      const pump = (): void => {
        while (response.write('x'.repeat(65_536)));
        response.once('drain', pump);
      };
      response.on('error', () => undefined);
      pump();
    });
    expect(await poster.post(url, {}, '{}')).toEqual({ kind: 'answered', status: 307 });
    expect(calls).toBe(1);
  });

  it('does not reach an address that a name leads to and that may not be called', async () => {
    let calls = 0;
    const url = await listen(() => {
      calls += 1;
    });
    const outcome = await posterTo(noNetworks).post(url.replace('http:', 'https:'), {}, '{}');
    expect(outcome).toMatchObject({ kind: 'failed' });
    expect(calls).toBe(0);
  });

  it('tells whoever named it neither what a name leads to nor whether there is one; the log hears it', async () => {
    refused.length = 0;
    const reasonFor = async (host: string): Promise<string> => {
      const outcome = await posterTo(noNetworks).post(`https://${host}:1/`, {}, '{}');
      return JSON.stringify(outcome).replaceAll(host, 'HOST');
    };
    const inside = await reasonFor('localhost');
    expect(inside).toContain('HOST leads to no address that may be called');
    expect(inside).not.toMatch(/127\.|::1/);
    expect(await reasonFor('there-is-none.invalid')).toBe(inside);
    expect(refused).toMatchObject([
      ['localhost', expect.arrayContaining([expect.stringMatching(/127|::1/)])],
    ]);
  });

  it('is given up after ten seconds of silence', async () => {
    const time = new SimulatedTime();
    const arrived = Promise.withResolvers<undefined>();
    const url = await listen(() => {
      arrived.resolve(undefined);
    });
    const posting = posterTo(networks('127.0.0.0/8'), time).post(url, {}, '{}');
    await arrived.promise;
    await time.advance(10_000);
    expect(await posting).toEqual({ kind: 'failed', reason: 'no answer within 10 seconds' });
    expect(time.pendingCount).toBe(0);
  });

  it('tells in words why there was no connection', async () => {
    const url = await listen(() => undefined);
    const [server] = servers.splice(0);
    const closed = once(server as Server, 'close');
    server?.close();
    await closed;
    expect(await poster.post(url, {}, '')).toEqual({
      kind: 'failed',
      reason: 'no connection to localhost: ECONNREFUSED',
    });
  });
});

import { describe, expect, it } from 'vitest';
import { systemResolve, dial, endpointOf, silentObserver } from './dial.ts';
import { readCloudAddress } from './address.ts';
import { connectTimeouts } from './limits.ts';
import { listen } from './testing/servers.ts';
import { realTime } from './testing/transports.ts';
import { createServer } from 'node:net';

function endpointFor(text: string) {
  const reading = readCloudAddress(text);
  if (!reading.ok) throw new Error(reading.problem);
  return endpointOf(reading.address);
}

/** A port of this machine on which nothing listens any more. */
async function closedPort(): Promise<number> {
  const running = await listen(createServer());
  await running.close();
  return running.port;
}

const deps = {
  time: realTime,
  timeouts: connectTimeouts,
  resolve: systemResolve,
  observer: silentObserver,
};

describe('a cloud that refuses connections', () => {
  it('on the port of a bare address is looked for on 8443 next', async () => {
    const endpoint = { ...endpointFor('127.0.0.1'), port: await closedPort() };
    const message = expect.stringMatching(
      /refused the connection.*listens on 8443.*: 127\.0\.0\.1:8443\.$/,
    ) as string;
    await expect(dial(endpoint, deps, new AbortController().signal)).rejects.toMatchObject({ message });
  });

  it('on a port that was set is not', async () => {
    const endpoint = endpointFor(`127.0.0.1:${String(await closedPort())}`);
    const message = expect.not.stringContaining('8443') as string;
    await expect(dial(endpoint, deps, new AbortController().signal)).rejects.toMatchObject({ message });
  });
});

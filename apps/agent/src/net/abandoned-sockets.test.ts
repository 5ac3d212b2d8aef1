import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { readCloudAddress } from './address.ts';
import { exchange } from './exchange.ts';
import { closeAll, keep } from './testing/cleanup.ts';
import { startTcp } from './testing/servers.ts';
import { realTime } from './testing/transports.ts';
import { onlyReleaseKnown } from './plausible-time.ts';
import { CloudTls } from './verified-tls.ts';

afterEach(closeAll);

async function connected(): Promise<Socket> {
  const { port } = keep(await startTcp(() => undefined));
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

describe('no socket stays open', () => {
  it.each([[[]], [['sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=']]])(
    'when it is given up between TCP and TLS (pins %j)',
    async (pins) => {
      const socket = await connected();
      const controller = new AbortController();
      const tls = new CloudTls(
        'cloud.test',
        { pins },
        { time: realTime, handshakeMs: 1000, knowledge: onlyReleaseKnown(0) },
      );
      const open = async () => {
        controller.abort(new Error('called off'));
        return socket;
      };
      const observer = { started: () => undefined, passed: () => undefined };
      await expect(tls.secure(open, controller.signal, observer)).rejects.toThrow('called off');
      expect(socket.destroyed).toBe(true);
    },
  );

  it('when HTTP cannot carry the request', async () => {
    const socket = await connected();
    const reading = readCloudAddress('cloud.test');
    if (!reading.ok) throw new Error(reading.problem);
    const request = { method: 'GET', path: '/api/v1/time', headers: { 'x-bad': 'a\nb' } } as const;
    await expect(exchange(socket, reading.address, request, new AbortController().signal)).rejects.toThrow(
      /header/,
    );
    expect(socket.destroyed).toBe(true);
  });
});

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock, systemTimers } from '@edgeflow/platform';
import { expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { eventually, eventuallyTrue } from '../testing/eventually.ts';
import { RawTunnel } from '../testing/raw-frames.ts';
import { TestDevice } from '../testing/test-device.ts';
import { Connection, TunnelSocket } from './connection.ts';

const frame = JSON.stringify({ type: 'command', data: 'x'.repeat(60_000) });
/** Far more than what the kernel and the socket hold for a reader that does not read. */
const framesMax = 2_000;

it('a device that does not read is cut off before it fills the memory', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = Promise.withResolvers<Connection>();
  new WebSocketServer({ server, WebSocket: TunnelSocket }).on('connection', (socket) => {
    accepted.resolve(new Connection(socket, '127.0.0.1', { clock: systemClock, timers: systemTimers }));
  });
  const device = await TestDevice.open(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}`);
  const connection = await accepted.promise;
  const closes: number[] = [];
  connection.listen({
    binary: () => undefined,
    text: () => undefined,
    flooded: () => undefined,
    closed: (_, code) => closes.push(code),
  });
  device.freeze();

  let sent = 0;
  for (; sent < framesMax && connection.socket.readyState === connection.socket.OPEN; sent += 1) {
    connection.send(frame);
    // Lets the socket write what the other end takes.
    await new Promise(setImmediate);
  }
  expect(sent).toBeLessThan(framesMax);
  expect(await eventually('its close', () => closes[0])).toBe(1006);
  connection.send('nobody hears this');

  device.socket.terminate();
  server.close();
});

it('a device that hangs up its half while it does not read is gone once it is closed', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = Promise.withResolvers<Connection>();
  new WebSocketServer({ server, WebSocket: TunnelSocket }).on('connection', (socket) => {
    accepted.resolve(new Connection(socket, '127.0.0.1', { clock: systemClock, timers: systemTimers }));
  });
  const device = await RawTunnel.open(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}`);
  const connection = await accepted.promise;
  const closes: number[] = [];
  connection.listen({
    ...{ binary: () => undefined, text: () => undefined, flooded: () => undefined },
    closed: (_, code) => closes.push(code),
  });
  device.socket.pause();
  while (connection.socket.bufferedAmount === 0) {
    connection.send(frame);
    await new Promise(setImmediate);
  }
  device.socket.end();
  await eventuallyTrue('its end', () => connection.socket.readyState === connection.socket.CLOSING);
  expect(closes).toEqual([]);
  connection.close(4410, 'no heartbeat');
  expect(await eventually('its close', () => closes[0])).toBe(1006);

  device.socket.destroy();
  server.close();
});

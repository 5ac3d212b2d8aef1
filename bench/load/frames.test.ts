import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { WebSocketServer } from 'ws';
import { targetOf } from './dial.ts';
import { afterUpgrade, clientFrame, readServerFrame } from './frames.ts';
import { dropTunnels, openTunnels } from './tunnels.ts';

const frameText = JSON.stringify({ type: 'connect', device_id: 'dev_1', api_key: 'k'.repeat(200) });

/** A real `ws` server that answers every first frame with `answer`. */
async function serve(answer: string): Promise<{ url: URL; heard: string[] }> {
  const heard: string[] = [];
  const server = createServer();
  const sockets = new WebSocketServer({ server }).on('connection', (socket) => {
    socket
      .on('error', () => undefined)
      .once('message', (data: Buffer) => {
        heard.push(data.toString('utf8'));
        socket.send(answer);
      });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets.clients) socket.terminate();
    server.close();
  });
  return { url: new URL(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}`), heard };
}

it('a real ws server reads the frames and its answers are read', async () => {
  const { heard, url } = await serve('{"type":"connected","device_id":"dev_1"}');
  const frames = Array.from({ length: 20 }, () => clientFrame(frameText));
  const { sockets } = await openTunnels(targetOf(url), frames, 4);
  dropTunnels(sockets);
  expect(sockets).toHaveLength(20);
  expect(heard).toEqual(frames.map(() => frameText));
});

it('a device that is refused fails the figure', async () => {
  const { url } = await serve('{"type":"error","error":"key_rejected"}');
  await expect(openTunnels(targetOf(url), [clientFrame(frameText)], 1)).rejects.toThrow('not connected');
});

it('an upgrade that is refused fails the figure', () => {
  const refused = Buffer.from('HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\n\r\n');
  expect(() => afterUpgrade(refused)).toThrow('503');
});

it('a close frame is no answer', () => {
  expect(() => readServerFrame(Buffer.from([0x88, 0x02, 0x0f, 0xa1]))).toThrow('closed');
});

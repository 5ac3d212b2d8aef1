import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { systemTimers } from '@edgeflow/platform';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hasTooManyChunks, isChunked, mergeChunks } from './merged-chunks.ts';

interface Heard {
  body: Buffer;
  pieces: number;
  tooMany: number;
  isFlood: boolean;
  isWhole: boolean;
}

describe('the chunks of a body', () => {
  let server: Server;
  let heard: Heard;
  let ended: Promise<void>;
  const sockets: Socket[] = [];

  beforeEach(async () => {
    server = createServer((request) => {
      expect(isChunked(request)).toBe(true);
      mergeChunks(request, systemTimers, () => (heard.tooMany += 1));
      void listen(request);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    expectAnother();
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    server.close();
    await once(server, 'close');
  });

  let finish: () => void;
  function expectAnother(): void {
    heard = { body: Buffer.alloc(0), pieces: 0, tooMany: 0, isFlood: false, isWhole: false };
    ended = new Promise((resolve) => {
      finish = resolve;
    });
  }

  async function listen(request: IncomingMessage): Promise<void> {
    for await (const piece of request as AsyncIterable<Buffer>) {
      heard.pieces += 1;
      heard.body = Buffer.concat([heard.body, piece]);
      heard.isFlood = hasTooManyChunks(request);
    }
    heard.isWhole = request.complete;
    finish();
  }

  function send(chunks: readonly Buffer[], writes: number): void {
    const { port } = server.address() as AddressInfo;
    const socket = connect(port, '127.0.0.1');
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.setNoDelay(true);
    const bytes = Buffer.concat([
      Buffer.from('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n'),
      ...chunks.flatMap((chunk) => [
        Buffer.from(`${chunk.length.toString(16)}\r\n`),
        chunk,
        Buffer.from('\r\n'),
      ]),
      Buffer.from('0\r\n\r\n'),
    ]);
    const size = Math.ceil(bytes.length / writes);
    for (let from = 0; from < bytes.length; from += size) socket.write(bytes.subarray(from, from + size));
  }

  it('arrive byte for byte and in their order, however they are cut', async () => {
    const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constantFrom(4_096, 4_097, 70_000)), {
      maxLength: 40,
    });
    await fc.assert(
      fc.asyncProperty(sizes, fc.integer({ min: 1, max: 5 }), async (lengths, writes) => {
        expectAnother();
        const chunks = lengths.map((length, index) => Buffer.alloc(length, index + 1));
        send(chunks, writes);
        await ended;
        expect(heard.body.equals(Buffer.concat(chunks))).toBe(true);
        expect(heard).toMatchObject({ isWhole: true, tooMany: 0 });
      }),
      { numRuns: 60 },
    );
  });

  it('that come in one read of the socket are one piece of the stream, and not a thousand', async () => {
    send(
      Array.from({ length: 1_000 }, () => Buffer.from('x')),
      1,
    );
    await ended;
    expect(heard.body).toHaveLength(1_000);
    expect(heard.pieces).toBeLessThan(10);
  });

  it('are too many when they are thousands of a byte: that is said once, and what follows is not kept', async () => {
    send(
      Array.from({ length: 20_000 }, () => Buffer.from('x')),
      1,
    );
    await ended;
    expect(heard).toMatchObject({ tooMany: 1, isFlood: true });
    expect(heard.body.length).toBeLessThan(1_100);
  });

  it('are not too many when they hold as much as a packet would', async () => {
    send(
      Array.from({ length: 5_000 }, () => Buffer.alloc(64, 1)),
      1,
    );
    await ended;
    expect(heard).toMatchObject({ tooMany: 0, isFlood: false, isWhole: true });
    expect(heard.body).toHaveLength(320_000);
  });
});

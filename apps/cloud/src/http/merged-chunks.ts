import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { ByteCollector, type Timers } from '@edgeflow/platform';

/** Pieces of a body that are merged; larger ones pass as they are. */
const smallBytes = 4_096;
/** What is gathered between two turns of the event loop comes from one read of the socket, which is 64 KiB. */
const gatheredBytesMax = 128 * 1024;
/** Chunks that any body may come in: one of a device may come byte by byte. */
const chunksFree = 1_024;
/** What those after them must hold on average, in bytes: far less than a TCP segment does. */
const chunkBytesMin = 64;

/**
 * Chunks that a connection may still have, be it in one request or in several that came together; below zero it has had
 * too many, and what follows is thrown away.
 */
const allowances = new WeakMap<Duplex, number>();

export function isChunked({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined;
}

/**
 * Gathers the chunks of a body (`Transfer-Encoding: chunked`) that came in one read of the socket, before they enter the
 * stream. Node pushes each chunk for itself, with a tick and a buffer that waits to be read; 64 KiB hold eleven thousand
 * chunks of one byte, which take 20 ms that way and 12 ms this way. Without chunks a small piece of a body costs its
 * sender a packet, which is fair.
 *
 * To be called in the turn in which the request came, for one that {@link isChunked}.
 *
 * @param tooMany called when the connection has had more chunks than anybody needs who means well
 */
export function mergeChunks(request: IncomingMessage, timers: Timers, tooMany: () => void): void {
  const push = request.push.bind(request);
  let gathered: ByteCollector | undefined;
  let hasRoom = true;
  const { socket } = request;

  const flush = (): void => {
    if (gathered === undefined) return;
    // A copy of its size: it may wait for its reader.
    const bytes = Buffer.from(gathered.bytes());
    gathered = undefined;
    hasRoom = push(bytes);
  };
  const gather = (chunk: Uint8Array): void => {
    if (gathered === undefined) {
      gathered = new ByteCollector(gatheredBytesMax);
      // Not the next tick: Node runs those between two chunks.
      timers.soon(flush);
    }
    if (gathered.add(chunk)) return;
    flush();
    gather(chunk);
  };
  request.push = (chunk: Uint8Array | null): boolean => {
    if (chunk === null) {
      flush();
      return push(null);
    }
    const before = allowances.get(socket) ?? chunksFree;
    // As if there were room: a stop would end with no push to follow.
    if (before < 0) return true;
    const left = before + chunk.length / chunkBytesMin - 1;
    allowances.set(socket, left);
    if (left < 0) tooMany();
    if (chunk.length <= smallBytes) {
      gather(chunk);
      return hasRoom;
    }
    flush();
    return (hasRoom = push(chunk));
  };
}

/** Whether the connection has had far more chunks than anybody needs who means well; then the body is not whole. */
export function hasTooManyChunks(request: IncomingMessage): boolean {
  return (allowances.get(request.socket) ?? 0) < 0;
}

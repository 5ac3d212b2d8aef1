import type { IncomingMessage } from 'node:http';
import { ByteCollector, type Timers } from '@edgeflow/platform';

/** Pieces of a body that are merged; larger ones pass as they are. */
const smallBytes = 4_096;
/** What is gathered between two turns of the event loop comes from one read of the socket, which is 64 KiB. */
const gatheredBytesMax = 128 * 1024;
/** Chunks that any body may come in: one of a device may come byte by byte. */
const chunksFree = 1_024;
/** What those after them must hold on average, in bytes: far less than a TCP segment does. */
const chunkBytesMin = 64;

/** Requests that have had too many; what follows of their bodies is thrown away. */
const floods = new WeakSet<IncomingMessage>();

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
 * @param tooMany called once, when the request has had more chunks than anybody needs who means well
 */
export function mergeChunks(request: IncomingMessage, timers: Timers, tooMany: () => void): void {
  const push = request.push.bind(request);
  let gathered: ByteCollector | undefined;
  let hasRoom = true;
  let allowed = chunksFree;

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
    // As if there were room: a stop would end with no push to follow.
    if (allowed < 0) return true;
    allowed += chunk.length / chunkBytesMin - 1;
    if (allowed < 0) {
      floods.add(request);
      tooMany();
    }
    if (chunk.length <= smallBytes) {
      gather(chunk);
      return hasRoom;
    }
    flush();
    return (hasRoom = push(chunk));
  };
}

/** Whether the body of a request came in far more chunks than anybody needs who means well; then it is not whole. */
export function hasTooManyChunks(request: IncomingMessage): boolean {
  return floods.has(request);
}

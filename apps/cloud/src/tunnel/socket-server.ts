import { frameBytesMax, tunnelPath } from '@edgeflow/contract';
import type { Timers } from '@edgeflow/platform';
import { type Server, type ServerOptions, type WebSocket, WebSocketServer } from 'ws';
import { TunnelSocket } from './connection.ts';

/** Pieces of one message. A Go device flushes every 4 KiB, some every 256 bytes. */
const fragmentsMax = 512;
/** Pieces that TCP may cut one frame into: each is held as an object of its own until the frame is whole. */
const piecesMax = 1_024;
/** Whoever does not answer a close is cut off after this. */
const closeHandshakeMs = 3_000;

/** Turns upgrade requests for the tunnel into sockets: no compression, and a bound for whatever a client may send. */
export function tunnelSocketServer(): Server<typeof TunnelSocket> {
  // Its types do not know these yet.
  const options: ServerOptions<typeof TunnelSocket> &
    Record<'closeTimeout' | 'maxBufferedChunks' | 'maxFragments', number> = {
    WebSocket: TunnelSocket,
    noServer: true,
    // Any other path is refused with 400.
    path: tunnelPath,
    clientTracking: false,
    perMessageDeflate: false,
    closeTimeout: closeHandshakeMs,
    maxPayload: frameBytesMax,
    maxFragments: fragmentsMax,
    maxBufferedChunks: piecesMax,
  };
  return new WebSocketServer(options);
}

/** Resolves when all sockets are closed; those that are not after `patienceMs` are cut off. */
export async function allClosed(
  sockets: readonly WebSocket[],
  timers: Timers,
  patienceMs: number,
): Promise<void> {
  const open = sockets.filter((socket) => socket.readyState !== socket.CLOSED);
  const gone = open.map(
    (socket) =>
      new Promise<void>((resolve) => {
        socket.once('close', () => {
          resolve();
        });
      }),
  );
  const cut = timers.after(patienceMs, () => {
    for (const socket of open) socket.terminate();
  });
  await Promise.all(gone);
  timers.clear(cut);
}

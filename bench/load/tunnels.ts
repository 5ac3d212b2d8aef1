import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { dial, type Target } from './dial.ts';
import { afterUpgrade, clientFrame, readServerFrame, upgradeRequest } from './frames.ts';
import type { Identity } from './registration-requests.ts';

const noBytes = Buffer.alloc(0);

/** The first frame of each device, ready to be sent. */
export function connectFrames(identities: readonly Identity[]): Buffer[] {
  return identities.map((identity) =>
    clientFrame(JSON.stringify({ type: 'connect', ...identity, version: '0.1.0' })),
  );
}

export interface OpenedTunnels {
  readonly seconds: number;
  readonly sockets: readonly Socket[];
}

/**
 * Opens one tunnel a frame, `atOnce` at a time: connect, upgrade, `connect`, `connected`. They stay open and silent.
 * Rejects when a device is refused.
 */
export async function openTunnels(
  target: Target,
  frames: readonly Buffer[],
  atOnce: number,
): Promise<OpenedTunnels> {
  const upgrade = upgradeRequest(`${target.host}:${String(target.port)}`);
  const sockets: Socket[] = [];
  const waiting = frames.values();
  const worker = async (): Promise<void> => {
    for (const frame of waiting) sockets.push(await openTunnel(target, upgrade, frame));
  };
  const startMs = performance.now();
  try {
    await Promise.all(Array.from({ length: atOnce }, worker));
  } catch (error) {
    dropTunnels(sockets);
    throw error;
  }
  return { seconds: (performance.now() - startMs) / 1000, sockets };
}

/** Cuts tunnels off; where it can be done with a reset, so that thousands of ports are free again at once. */
export function dropTunnels(sockets: readonly Socket[]): void {
  for (const socket of sockets) {
    socket.removeAllListeners('close').on('error', () => undefined);
    if (socket instanceof TLSSocket) socket.destroy();
    else socket.resetAndDestroy();
  }
}

function openTunnel(target: Target, upgrade: Buffer, frame: Buffer): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = dial(target);
    let upgraded = false;
    let held: Buffer = noBytes;
    const receive = (chunk: Buffer): void => {
      held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      if (!upgraded) {
        const rest = afterUpgrade(held);
        if (rest === undefined) return;
        upgraded = true;
        held = rest;
        socket.write(frame);
      }
      const text = readServerFrame(held);
      if (text === undefined) return;
      if (!text.startsWith('{"type":"connected"')) throw new Error(`not connected: ${text}`);
      held = noBytes;
      socket.off('data', onData).resume();
      resolve(socket);
    };
    const onData = (chunk: Buffer): void => {
      try {
        receive(chunk);
      } catch (error) {
        socket.destroy();
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    };
    socket.on('data', onData);
    socket.once('error', reject);
    socket.once('close', () => {
      reject(new Error('the server closed a tunnel'));
    });
    socket.write(upgrade);
  });
}

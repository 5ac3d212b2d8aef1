import { closeCodes } from '@edgeflow/contract';
import type { Random } from '@edgeflow/platform';
import type { DeviceLifeSign } from '../features/clones/index.ts';
import type { Connection } from './connection.ts';

const probeBytes = 8;

/** Recognises what only a process that is alive can do, and never what may have been on its way for long. */
export class LifeSigns {
  readonly #random: Random;
  readonly #noticed: (sign: DeviceLifeSign) => void;

  constructor(random: Random, noticed: (sign: DeviceLifeSign) => void) {
    this.#random = random;
    this.#noticed = noticed;
  }

  /**
   * Asks a connection for a sign: a WebSocket ping with random data (RFC 6455, section 5.5.2), which every library
   * answers by itself and nobody can answer before it was sent.
   */
  ask(connection: Connection): void {
    const { deviceId, epoch, instance, socket } = connection;
    if (deviceId === undefined) return;
    const probe = Buffer.from(this.#random.bytes(probeBytes));
    const onPong = (answer: Buffer): void => {
      if (!answer.equals(probe)) return;
      socket.off('pong', onPong);
      this.#noticed({ deviceId, instance, epoch, aliveAfter: epoch });
    };
    socket.on('pong', onPong);
    socket.ping(probe);
  }

  /**
   * Call before a connection is told that the one with epoch `by` has taken its place. Only whoever has read that
   * answers with the same close code; a socket that is half open does not, and one that hangs up by itself says 1000.
   */
  yielding(connection: Connection, by: number): void {
    const { deviceId, epoch, instance, socket } = connection;
    if (deviceId === undefined) return;
    socket.once('close', (closeCode) => {
      if (closeCode === closeCodes.replaced) this.#noticed({ deviceId, instance, epoch, aliveAfter: by });
    });
  }
}

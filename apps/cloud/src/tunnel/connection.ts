import type { CloseCode } from '@edgeflow/contract';
import type { RawData, WebSocket } from 'ws';
import { openSession, type SessionState } from './session.ts';

/** Bytes that may wait for a device that does not read; past this it is cut off. */
const unsentBytesMax = 1024 * 1024;
/** Longest close reason: 123 bytes of UTF-8 (RFC 6455, section 5.5). Ours are ASCII. */
const reasonLengthMax = 123;

export interface ConnectionListener {
  readonly binary: () => void;
  readonly text: (text: string) => void;
  readonly closed: (closeCode: number, reason: string) => void;
}

/** One socket and the state of its session. */
export class Connection {
  state: SessionState;
  /** The latest request for a new key that this connection has been asked to carry, by its time; null: none. */
  rotationWantedAtMs: number | null = null;
  /** Fingerprint of the process behind it, once it has said so. */
  instance: string | null = null;
  readonly address: string;
  readonly socket: WebSocket;

  constructor(socket: WebSocket, address: string, nowMs: number) {
    this.socket = socket;
    this.address = address;
    this.state = openSession(nowMs);
  }

  /** Orders the connections of one device; below every real epoch while it has none. */
  get epoch(): number {
    return this.state.phase === 'open' ? this.state.admission.epoch : -1;
  }

  /** undefined while it has not been admitted. */
  get deviceId(): string | undefined {
    return this.state.phase === 'open' ? this.state.admission.deviceId : undefined;
  }

  listen(listener: ConnectionListener): void {
    this.socket.on('message', (data, isBinary) => {
      if (isBinary) listener.binary();
      else listener.text(textOf(data));
    });
    this.socket.on('close', (closeCode, reason) => {
      listener.closed(closeCode, reason.toString('utf8'));
    });
    this.socket.on('error', ignoreError);
  }

  send(text: string): void {
    if (this.socket.readyState !== this.socket.OPEN) return;
    if (this.socket.bufferedAmount > unsentBytesMax) this.socket.terminate();
    else this.socket.send(text);
  }

  close(closeCode: CloseCode, reason: string): void {
    this.socket.close(closeCode, reason.slice(0, reasonLengthMax));
  }
}

/** A broken socket always closes after its error, and the close is what counts. */
function ignoreError(): void {
  // Nothing to do.
}

function textOf(data: RawData): string {
  if (Buffer.isBuffer(data)) return data.toString('utf8');
  return Buffer.concat(Array.isArray(data) ? data : [new Uint8Array(data)]).toString('utf8');
}

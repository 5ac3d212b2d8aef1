import type { CloseCode } from '@edgeflow/contract';
import type { TimerHandle, TimeSource } from '@edgeflow/platform';
import type { RawData, WebSocket } from 'ws';
import { FrameBudget } from './frame-budget.ts';
import { RotationRequest } from './rotation-request.ts';
import { openSession, type SessionState } from './session.ts';

/** Bytes that may wait for a device that does not read; past this it is cut off. */
const unsentBytesMax = 1024 * 1024;
/** Longest close reason: 123 bytes of UTF-8 (RFC 6455, section 5.5). Ours are ASCII. */
const reasonLengthMax = 123;

export interface ConnectionListener {
  readonly binary: () => void;
  readonly text: (text: string) => void;
  /** It has sent far more than any device does: it must go, and may come back after so many seconds. */
  readonly flooded: (retrySeconds: number) => void;
  readonly closed: (closeCode: number, reason: string) => void;
}

/** One socket and the state of its session. */
export class Connection {
  state: SessionState;
  rotation = new RotationRequest();
  /** Fingerprint of the process behind it, once it has said so. */
  instance: string | null = null;
  readonly address: string;
  readonly socket: WebSocket;
  readonly #time: TimeSource;
  readonly #budget: FrameBudget;
  #pause: TimerHandle | undefined;

  constructor(socket: WebSocket, address: string, time: TimeSource) {
    const nowMs = time.clock.monotonic();
    this.socket = socket;
    this.address = address;
    this.state = openSession(nowMs);
    this.#time = time;
    this.#budget = new FrameBudget(nowMs);
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
    const pay = (data: RawData): void => {
      this.#pay(listener, lengthOf(data));
    };
    // ws answers pings by itself, and cuts off whoever does not read the pongs.
    this.socket.on('ping', pay).on('pong', pay);
    this.socket.on('message', (data, isBinary) => {
      pay(data);
      if (isBinary) listener.binary();
      else listener.text(textOf(data));
    });
    this.socket.on('close', (closeCode, reason) => {
      if (this.#pause !== undefined) this.#time.timers.clear(this.#pause);
      listener.closed(closeCode, reason.toString('utf8'));
    });
    this.socket.on('error', ignoreError);
  }

  send(text: string): void {
    if (this.socket.readyState !== this.socket.OPEN) return;
    if (this.socket.bufferedAmount > unsentBytesMax) this.socket.terminate();
    else this.socket.send(text);
  }

  /** The frame that has just come was an answer that we had asked for. */
  giveBackFrame(): void {
    this.#budget.giveBack();
  }

  close(closeCode: CloseCode, reason: string): void {
    this.#read();
    // A peer that has hung up its half without a close frame is owed no handshake, and ws sets it no deadline.
    if (this.socket.readyState === this.socket.CLOSING) this.socket.terminate();
    else this.socket.close(closeCode, reason.slice(0, reasonLengthMax));
  }

  #pay(listener: ConnectionListener, bytes: number): void {
    const verdict = this.#budget.take(this.#time.clock.monotonic(), bytes);
    if (verdict.kind === 'flood' && this.state.phase !== 'closed') {
      listener.flooded(verdict.retrySeconds);
      // It has been told; nothing more of it is read until ws cuts it off.
      this.socket.pause();
    }
    if (verdict.kind !== 'pause' || this.#pause !== undefined) return;
    this.socket.pause();
    this.#pause = this.#time.timers.after(verdict.pauseMs, () => {
      this.#read();
    });
  }

  /** Ends a pause: what the peer says to a close must be heard. */
  #read(): void {
    if (this.#pause === undefined) return;
    this.#time.timers.clear(this.#pause);
    this.#pause = undefined;
    this.socket.resume();
  }
}

/** A broken socket always closes after its error, and the close is what counts. */
function ignoreError(): void {
  // Nothing to do.
}

function lengthOf(data: RawData): number {
  return Array.isArray(data) ? data.reduce((sum, { length }) => sum + length, 0) : data.byteLength;
}

function textOf(data: RawData): string {
  if (Buffer.isBuffer(data)) return data.toString('utf8');
  return Buffer.concat(Array.isArray(data) ? data : [new Uint8Array(data)]).toString('utf8');
}

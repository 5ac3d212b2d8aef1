import type { CloseCode } from '@edgeflow/contract';
import type { TimerHandle, TimeSource } from '@edgeflow/platform';
import { type RawData, WebSocket } from 'ws';
import { FrameBudget } from './frame-budget.ts';
import { RotationRequest } from './rotation-request.ts';
import { openSession, type SessionState } from './session.ts';

/** Bytes that may wait for a device that does not read; past this it is cut off. */
const unsentBytesMax = 1024 * 1024;
/** Longest close reason: 123 bytes of UTF-8 (RFC 6455, section 5.5). Ours are ASCII. */
const reasonLengthMax = 123;

/** What hears connections: one for all of them, because whatever is made for each is made fifty thousand times. */
export interface ConnectionListener {
  readonly binary: (connection: Connection) => void;
  readonly text: (connection: Connection, text: string) => void;
  /** It has sent far more than any device does: it must go, and may come back after so many seconds. */
  readonly flooded: (connection: Connection, retrySeconds: number) => void;
  readonly closed: (connection: Connection, closeCode: number, reason: string) => void;
}

/** A socket that knows its connection, so that all sockets share their listeners. */
export class TunnelSocket extends WebSocket {
  connection: Connection | undefined;
}

/** One socket and the state of its session. */
export class Connection {
  state: SessionState;
  rotation = new RotationRequest();
  /** Fingerprint of the process behind it, once it has said so. */
  instance: string | null = null;
  readonly address: string;
  readonly socket: TunnelSocket;
  readonly #time: TimeSource;
  readonly #budget: FrameBudget;
  #listener: ConnectionListener | undefined;
  #pause: TimerHandle | undefined;

  constructor(socket: TunnelSocket, address: string, time: TimeSource) {
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
    this.#listener = listener;
    this.socket.connection = this;
    // ws answers pings by itself, and cuts off whoever does not read the pongs.
    this.socket.on('ping', onControl).on('pong', onControl).on('message', onMessage);
    this.socket.on('close', onClose).on('error', ignoreError);
  }

  /** To be called by the socket's listeners alone, like those below. */
  heardControl(data: RawData): void {
    this.#pay(lengthOf(data));
  }

  heardMessage(data: RawData, isBinary: boolean): void {
    this.#pay(lengthOf(data));
    if (isBinary) this.#listener?.binary(this);
    else this.#listener?.text(this, textOf(data));
  }

  heardClose(closeCode: number, reason: Buffer): void {
    if (this.#pause !== undefined) this.#time.timers.clear(this.#pause);
    this.#listener?.closed(this, closeCode, reason.toString('utf8'));
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

  #pay(bytes: number): void {
    const verdict = this.#budget.take(this.#time.clock.monotonic(), bytes);
    if (verdict.kind === 'flood' && this.state.phase !== 'closed') {
      this.#listener?.flooded(this, verdict.retrySeconds);
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

function onControl(this: WebSocket, data: RawData): void {
  connectionOf(this)?.heardControl(data);
}

function onMessage(this: WebSocket, data: RawData, isBinary: boolean): void {
  connectionOf(this)?.heardMessage(data, isBinary);
}

function onClose(this: WebSocket, closeCode: number, reason: Buffer): void {
  connectionOf(this)?.heardClose(closeCode, reason);
}

function connectionOf(socket: WebSocket): Connection | undefined {
  return socket instanceof TunnelSocket ? socket.connection : undefined;
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

import { Duplex } from 'node:stream';

export type Side = 'client' | 'server';

/** What a socket tells the link that it is an end of. */
export interface Wire {
  write(side: Side, bytes: Buffer): void;
  finish(side: Side): void;
  destroyed(side: Side): void;
}

/**
 * One end of a simulated TCP connection, as much of a `net.Socket` as node:http and ws use. It holds no timer and
 * touches no network: bytes go through the {@link Wire}.
 */
export class SimulatedSocket extends Duplex {
  readonly side: Side;
  readonly remoteAddress: string;
  readonly remotePort = 40_000;
  readonly localAddress = '192.0.2.1';
  readonly connecting = false;
  readonly encrypted = true;
  readonly #wire: Wire;
  #isFenced = false;

  constructor(side: Side, remoteAddress: string, wire: Wire) {
    super({ allowHalfOpen: side === 'server' });
    this.side = side;
    this.remoteAddress = remoteAddress;
    this.#wire = wire;
  }

  /** The process that this end belongs to has died: nothing that its code still does with it has any effect. */
  fence(): void {
    this.#isFenced = true;
  }

  get isFenced(): boolean {
    return this.#isFenced;
  }

  /** Bytes have come. */
  deliver(bytes: Buffer): void {
    if (!this.#isFenced && !this.destroyed && !this.readableEnded) this.push(bytes);
  }

  deliverEnd(): void {
    if (!this.#isFenced && !this.destroyed && !this.readableEnded) this.push(null);
  }

  deliverReset(): void {
    if (this.#isFenced || this.destroyed) return;
    // Nobody may listen between two phases of a connection; a real socket then has an error that nobody hears, too.
    if (this.listenerCount('error') === 0) this.once('error', () => undefined);
    this.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', syscall: 'read' }));
  }

  setTimeout(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  override _read(): void {
    // Bytes come when they come.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (!this.#isFenced) this.#wire.write(this.side, chunk);
    done();
  }

  override _final(done: () => void): void {
    if (!this.#isFenced) this.#wire.finish(this.side);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (!this.#isFenced) this.#wire.destroyed(this.side);
    done(error);
  }
}

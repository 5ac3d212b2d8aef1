import { once } from 'node:events';
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import { eventually } from './eventually.ts';

export interface Identity {
  readonly device_id: string;
  readonly api_key: string;
}

/** A frame as it came. */
export type Received = Readonly<Record<string, unknown>>;

export interface Closing {
  readonly code: number;
  readonly reason: string;
}

/** The far end of a tunnel: a real WebSocket that says what the test tells it, and keeps what it hears. */
export class TestDevice {
  readonly socket: WebSocket;
  /** Every frame heard so far, in order. */
  readonly heard: Received[] = [];
  readonly closed: Promise<Closing>;
  #closing: Closing | undefined;

  private constructor(origin: string) {
    this.socket = new WebSocket(`${origin.replace(/^http/, 'ws')}/tunnel`);
    this.socket.on('message', (data) => {
      if (Buffer.isBuffer(data)) this.heard.push(JSON.parse(data.toString('utf8')) as Received);
    });
    // What matters is the close that follows.
    this.socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      this.socket.once('close', (code, reason) => {
        this.#closing = { code, reason: reason.toString('utf8') };
        resolve(this.#closing);
      });
    });
  }

  /** An open socket that has said nothing yet. */
  static async open(origin: string): Promise<TestDevice> {
    const device = new TestDevice(origin);
    await once(device.socket, 'open');
    return device;
  }

  /** A device that has been told `connected`. */
  static async connect(origin: string, identity: Identity, more: object = {}): Promise<TestDevice> {
    const device = await TestDevice.open(origin);
    device.sayConnect(identity, more);
    await device.next('connected');
    return device;
  }

  get isClosed(): boolean {
    return this.#closing !== undefined;
  }

  say(frame: object): void {
    this.socket.send(JSON.stringify(frame));
  }

  sayConnect({ api_key, device_id }: Identity, more: object = {}): void {
    this.say({ type: 'connect', device_id, api_key, version: '1.0.0', ...more });
  }

  /** The first frame of this type that has not been taken yet. */
  next(type: string): Promise<Received> {
    return eventually(`a "${type}" frame`, () => {
      const index = this.heard.findIndex((frame) => frame['type'] === type);
      if (index >= 0) return this.heard.splice(index, 1)[0];
      if (this.#closing !== undefined) {
        throw new Error(`closed with ${this.#closing.code} ${this.#closing.reason} before "${type}"`);
      }
      return undefined;
    });
  }

  /** Resolves once everything said before has been dealt with: the answer to a ping comes after it. */
  async settled(): Promise<void> {
    this.say({ type: 'ping' });
    await this.next('pong');
  }

  /** From now on every command is answered with success; its frame is not kept. */
  answerAll(): void {
    this.socket.on('message', () => {
      const last = this.heard.at(-1);
      if (last?.['type'] !== 'command') return;
      this.heard.pop();
      this.say({ type: 'response', id: last['id'], status: 'success' });
    });
  }

  /** Closes in good order, and waits for the other end. */
  async leave(code = 1000, reason = ''): Promise<void> {
    this.socket.close(code, reason);
    await this.closed;
  }

  /** Stops reading and writing, as behind a cable that was pulled: the other end hears nothing. */
  freeze(): void {
    (this.socket as unknown as { readonly _socket: Socket })._socket.pause();
  }
}

import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { closeCodes, frameBytesMax } from '@edgeflow/contract';
import type { Timers } from '@edgeflow/platform';
import { type RawData, WebSocket } from 'ws';
import type { CloudAddress } from './address.ts';
import { upgradeRefused } from './answers.ts';
import type { Connect } from './connector.ts';
import { readAnswer, withoutAnswer } from './exchange.ts';
import { headBytesMax } from './limits.ts';
import { networkErrorCode } from './socket.ts';
import { TransportError, type TunnelListener, type TunnelSocket } from './transport.ts';

export interface TunnelSocketDeps {
  readonly address: CloudAddress;
  readonly connect: Connect;
  readonly timers: Timers;
  readonly upgradeMs: number;
}

/** How a WebSocket says that it closed without a close frame (RFC 6455, section 7.1.5). */
const abnormalClosure = 1006;
/** RFC 6455, section 5.5: a control frame carries 125 bytes, two of them the code. */
const closeReasonBytesMax = 123;

/**
 * A WebSocket to the tunnel of the cloud over a connection that {@link Connect} has made.
 *
 * Invariants: `onOpen` at most once; exactly one `onClose`, last of all; a failure is told with it and nowhere else.
 * Frames are sent and received only between the two.
 */
export class CloudTunnelSocket implements TunnelSocket {
  readonly #listener: TunnelListener;
  readonly #deps: TunnelSocketDeps;
  readonly #abort = new AbortController();
  #webSocket: WebSocket | undefined;
  #failure: TransportError | undefined;
  #isOpened = false;
  #isClosed = false;

  constructor(deps: TunnelSocketDeps, listener: TunnelListener) {
    this.#deps = deps;
    this.#listener = listener;
    void this.#run();
  }

  send(text: string): void {
    if (this.#webSocket?.readyState === WebSocket.OPEN) this.#webSocket.send(text);
  }

  close(code: number, reason: string): void {
    if (this.#webSocket?.readyState === WebSocket.OPEN) this.#webSocket.close(code, cut(reason));
    else this.terminate();
  }

  terminate(): void {
    this.#abort.abort(new Error('given up'));
    this.#webSocket?.terminate();
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort;
    try {
      const socket = await this.#deps.connect(signal);
      // Given up in the very turn in which the connection was made: nobody else knows of the socket.
      if (signal.aborted) socket.destroy();
      signal.throwIfAborted();
      this.#upgrade(socket);
    } catch (error) {
      if (!signal.aborted) this.#failure = asTransportError(error, this.#deps.address.authority);
      this.#end(abnormalClosure, '');
    }
  }

  #upgrade(socket: Socket): void {
    const { address, timers, upgradeMs } = this.#deps;
    const scheme = address.isTls ? 'wss' : 'ws';
    const webSocket = new WebSocket(`${scheme}://${address.authority}${address.basePath}/tunnel`, {
      createConnection: () => socket,
      followRedirects: false,
      perMessageDeflate: false,
      maxPayload: frameBytesMax,
      skipUTF8Validation: false,
      maxHeaderSize: headBytesMax,
    });
    this.#webSocket = webSocket;
    const timer = timers.after(upgradeMs, () => {
      const message = `${address.authority} did not open the tunnel within ${String(upgradeMs / 1000)} seconds.`;
      this.#failure ??= new TransportError('cloud_unreachable', message);
      webSocket.terminate();
    });
    webSocket.on('open', () => {
      timers.clear(timer);
      this.#isOpened = true;
      this.#listener.onOpen();
    });
    webSocket.on('unexpected-response', (_request, response) => {
      void this.#readRefusal(response).then((failure) => {
        this.#failure ??= failure;
        webSocket.terminate();
      });
    });
    webSocket.on('message', (data, isBinary) => {
      this.#onMessage(data, isBinary);
    });
    webSocket.on('error', (error) => {
      // What terminate() makes of a handshake is our own doing.
      if (!this.#abort.signal.aborted) this.#failure ??= this.#failureOf(error);
    });
    webSocket.on('close', (code, reason) => {
      timers.clear(timer);
      this.#onClose(code, reason.toString());
    });
  }

  #onMessage(data: RawData, isBinary: boolean): void {
    if (isBinary) this.close(closeCodes.malformed, 'a binary frame');
    // ws gives one Buffer unless told otherwise, and has checked that it is UTF-8.
    else if (Buffer.isBuffer(data)) this.#listener.onText(data.toString('utf8'));
  }

  #onClose(code: number, reason: string): void {
    if (code === abnormalClosure && !this.#abort.signal.aborted) {
      const message = `The connection to ${this.#deps.address.authority} broke without a close frame.`;
      this.#failure ??= new TransportError('tunnel_closed', message);
    }
    this.#end(code, reason);
  }

  async #readRefusal(response: IncomingMessage): Promise<TransportError> {
    const { authority } = this.#deps.address;
    try {
      return upgradeRefused(await readAnswer(response, authority), authority);
    } catch (error) {
      return asTransportError(error, authority);
    }
  }

  #failureOf(error: Error): TransportError {
    const { authority } = this.#deps.address;
    const code = networkErrorCode(error);
    if (code.startsWith('WS_ERR_')) {
      const message = `${authority} broke the rules of the tunnel: ${error.message} (${code}).`;
      return new TransportError('answer_malformed', message, { cause: error });
    }
    if (this.#isOpened) {
      const message = `The connection to ${authority} broke${code === '' ? '' : ` (${code})`}.`;
      return new TransportError('tunnel_closed', message, { cause: error });
    }
    if (code !== '') return withoutAnswer(error, authority);
    // Without a code it is ws that found fault with the answer to the upgrade.
    const message = `${authority} does not open a tunnel as an EdgeFlow cloud does (${error.message}).`;
    return new TransportError('not_the_cloud', message, { cause: error });
  }

  #end(code: number, reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const failure = this.#failure === undefined ? {} : { failure: this.#failure };
    this.#listener.onClose({ code, reason, ...failure });
  }
}

function asTransportError(error: unknown, authority: string): TransportError {
  if (error instanceof TransportError) return error;
  return withoutAnswer(error instanceof Error ? error : new Error('unknown cause'), authority);
}

/** Cut to what fits into a close frame. */
function cut(reason: string): string {
  let text = reason;
  while (Buffer.byteLength(text) > closeReasonBytesMax) text = text.slice(0, -1);
  return text;
}

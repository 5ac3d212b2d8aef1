import type { ErrorCode } from '@edgeflow/contract';

/**
 * The way to one cloud: resolve, proxy, TCP, TLS, name, chain and pin are verified before a byte of ours is
 * written. Everything that talks to the cloud goes through this, so that a simulated network can take its place.
 */
export interface CloudTransport {
  /** `https://host:port`: the origin that credentials are issued by and sent to. */
  readonly origin: string;
  /**
   * One HTTPS request. Redirects are not followed. Resolves with whatever HTTP answer came; rejects with
   * {@link TransportError} when there is none (and then the outcome at the cloud is unknown).
   */
  request(request: CloudRequest): Promise<CloudAnswer>;
  /** Opens `wss://HOST/tunnel`. Exactly one `onClose` follows, whether or not it ever opened. */
  openTunnel(listener: TunnelListener): TunnelSocket;
}

export interface CloudRequest {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** Path from the root, e.g. `/api/v1/time`. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export interface CloudAnswer {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** At most 64 KiB; a longer answer rejects with `answer_malformed`. */
  readonly body: string;
}

export interface TunnelListener {
  onOpen(): void;
  /** One text frame. Binary frames close the connection with 4400. */
  onText(text: string): void;
  /** `failure` is set when the connection could not be made or broke without a close frame. */
  onClose(close: { readonly code: number; readonly reason: string; readonly failure?: TransportError }): void;
}

export interface TunnelSocket {
  /** Queues a text frame; silently dropped once the socket is closing. */
  send(text: string): void;
  close(code: number, reason: string): void;
  /** Gives up at once, without a close handshake. */
  terminate(): void;
}

/** Why there was no answer. `code` is of the catalogue; `message` is plain English and holds no secret. */
export class TransportError extends Error {
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'TransportError';
    this.code = code;
  }
}

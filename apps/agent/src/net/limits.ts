/** The bounds of a connection to the cloud. Every phase has its own; the caller's `timeoutMs` bounds the whole. */
export interface ConnectTimeouts {
  readonly resolveMs: number;
  readonly tcpMs: number;
  readonly proxyMs: number;
  readonly tlsMs: number;
  /** From the first byte of the WebSocket upgrade to its answer. */
  readonly upgradeMs: number;
}

/** Generous: a device on a slow mobile link needs seconds for what takes a data centre milliseconds. */
export const connectTimeouts: ConnectTimeouts = {
  resolveMs: 15_000,
  tcpMs: 15_000,
  proxyMs: 15_000,
  tlsMs: 20_000,
  upgradeMs: 15_000,
};

/**
 * How long one of several addresses of a host is tried before the next one joins. Node's 250 ms gives up on every
 * address behind a satellite or 2G link, whose handshake alone takes longer.
 */
export const addressAttemptMs = 3_000;

/** Largest body of an answer, in bytes. */
export const answerBytesMax = 64 * 1024;
/** Largest head of an answer, of the cloud or of a proxy, in bytes. */
export const headBytesMax = 16 * 1024;
/** Certificates of a presented chain that are looked at. Real chains have two to four. */
export const presentedCertificatesMax = 16;

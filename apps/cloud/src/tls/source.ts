import type { Clock, Files, Random, Timers } from '@edgeflow/platform';
import type { Logger } from '../logging.ts';

/** Where the HTTPS listener gets its certificate from, now and after every change. */
export interface CertificateSource {
  /** What `tls.createServer` and `server.setSecureContext` take; always a pair that works. */
  secureContextOptions(): SecureContext;
  /** The development CA in PEM; undefined when the certificate was given. */
  readonly caPem: string | undefined;
  /** The file that {@link caPem} is in. */
  readonly caFile: string | undefined;
  /** SPKI pins (`sha256/…`) that devices need; none when a public authority stands behind the certificate. */
  readonly pins: readonly string[];
  /** Looks for changes from now on, and calls back after each. Returns what ends it. */
  watch(onChange: () => void): () => void;
}

export interface SecureContext {
  /** The chain, leaf first. */
  readonly cert: string;
  readonly key: string;
  readonly minVersion: 'TLSv1.2';
}

export interface CertificateOptions {
  readonly files: Files;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
}

export function secureContext(cert: string, key: string): SecureContext {
  return { cert, key, minVersion: 'TLSv1.2' };
}

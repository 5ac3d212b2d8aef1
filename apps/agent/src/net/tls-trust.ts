/** Whom a device believes to be its cloud. */
export interface TlsTrust {
  /** Certificates of EDGEFLOW_SAAS_CA_FILE, PEM. They replace the public roots. */
  readonly caPem?: string | undefined;
  /** Each `sha256/` + base64 of the SHA-256 of an SPKI. */
  readonly pins: readonly string[];
}

import type { ErrorCode } from '@edgeflow/contract';
import { exitCodes } from '../exit-codes.ts';
import { type CliFailure, localFailure } from '../failure.ts';

interface Kind {
  readonly code: ErrorCode;
  readonly nextStep: string;
}

const unreachable: Kind = {
  code: 'cloud_unreachable',
  nextStep: 'Check that the cloud runs, the address in EDGEFLOW_URL, the network and the firewall.',
};
/** The connection was there and broke, or nothing came in time. */
const broken: Kind = {
  code: 'unavailable',
  nextStep: 'Check the network; where the call changes something, see whether it did before repeating it.',
};
const notResolved: Kind = {
  code: 'name_not_resolved',
  nextStep: 'Check the host name in EDGEFLOW_URL and the name server of this machine.',
};
const untrusted: Kind = {
  code: 'tls_untrusted',
  nextStep: 'Give the CA file that the cloud names at its start: --ca-file or EDGEFLOW_CA_FILE.',
};
const expired: Kind = {
  code: 'tls_expired',
  nextStep: 'Check the clock of this machine; if it is right, renew the certificate of the cloud.',
};
const notTheCloud: Kind = {
  code: 'not_the_cloud',
  nextStep: 'Check the port and whether it speaks https:// or http:// in EDGEFLOW_URL.',
};

/** By the `code` of Node's errors (OpenSSL's names for those of certificates). Anything else broke on the way. */
const kinds: Readonly<Record<string, Kind>> = {
  ENOTFOUND: notResolved,
  EAI_AGAIN: notResolved,
  ECONNREFUSED: unreachable,
  EHOSTUNREACH: unreachable,
  ENETUNREACH: unreachable,
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  CERT_SIGNATURE_FAILURE: untrusted,
  CERT_UNTRUSTED: untrusted,
  CERT_HAS_EXPIRED: expired,
  CERT_NOT_YET_VALID: expired,
  ERR_TLS_CERT_ALTNAME_INVALID: {
    code: 'tls_name_mismatch',
    nextStep: 'Use one of the names in the certificate in EDGEFLOW_URL.',
  },
  ERR_PROXY_TUNNEL: {
    code: 'proxy_refused',
    nextStep: 'Check HTTPS_PROXY and its credentials, or name the cloud in NO_PROXY.',
  },
  EPROTO: notTheCloud,
};

/** Tells people why a connection failed, and programs that trying again may help. */
export function networkFailure(error: unknown, origin: string): CliFailure {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const kind = kinds[code] ?? (/^(HPE|ERR_SSL)_/.test(code) ? notTheCloud : broken);
  return localFailure(kind.code, exitCodes.unavailable, {
    detail: code === '' ? `Talking to ${origin} failed` : `Talking to ${origin} failed: ${code}`,
    nextStep: kind.nextStep,
    cause: error,
  });
}

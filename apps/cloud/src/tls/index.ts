import { openDevelopmentCertificate } from './development.ts';
import { type CertificateFiles, openGivenCertificate } from './given.ts';
import { interfaceAddresses } from './interfaces.ts';
import { certificateNames } from './names.ts';
import type { CertificateOptions, CertificateSource } from './source.ts';

export { defaultRouteAddress } from './interfaces.ts';
export type { CertificateSource } from './source.ts';

export interface OpenCertificatesOptions extends CertificateOptions {
  /** `TLS_CERT_FILE` and `TLS_KEY_FILE`; undefined: the cloud makes a CA and a certificate of its own. */
  readonly certificateFiles: CertificateFiles | undefined;
  readonly dataFolder: string;
  readonly hostName: string;
  /** Further names and addresses that devices call, such as the host of `PUBLIC_URL`. */
  readonly otherNames?: readonly string[];
  /** Addresses of this machine; those of its interfaces when left out. */
  readonly addresses?: () => readonly string[];
}

/** The certificate of the HTTPS listener, given or made. */
export function openCertificates(options: OpenCertificatesOptions): Promise<CertificateSource> {
  const { addresses = interfaceAddresses, certificateFiles, hostName, otherNames = [] } = options;
  if (certificateFiles !== undefined) return openGivenCertificate(certificateFiles, options);
  return openDevelopmentCertificate({
    ...options,
    names: () => certificateNames(hostName, addresses(), otherNames),
  });
}

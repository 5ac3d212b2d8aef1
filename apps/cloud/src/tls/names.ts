import { isIP } from 'node:net';
import { normalAddress } from '../http/addresses.ts';

/** Most names of one certificate; machines with very many container networks have more addresses. */
const namesMax = 100;
const dnsName = /^(?=.{1,253}$)[0-9a-z]([0-9a-z-]{0,61}[0-9a-z])?(\.[0-9a-z]([0-9a-z-]{0,61}[0-9a-z])?)*$/;

export interface CertificateName {
  readonly type: 'dns' | 'ip';
  readonly value: string;
}

/**
 * What a development certificate must be good for: localhost, the host name, its `.local` name (mDNS), every address
 * and whatever else devices are told to call. Link-local IPv6 addresses are left out: no URL can name them.
 */
export function certificateNames(
  hostName: string,
  addresses: readonly string[],
  others: readonly string[],
): CertificateName[] {
  const host = hostName.toLowerCase();
  const label = host.split('.', 1)[0] ?? host;
  const texts = ['localhost', '127.0.0.1', '::1', host, `${label}.local`, ...others, ...addresses];
  const names = new Map<string, CertificateName>();
  for (const text of texts) {
    const name = nameOf(text.replace(/^\[|\]$/g, '').toLowerCase());
    if (name !== undefined && names.size < namesMax) names.set(name.value, name);
  }
  return [...names.values()];
}

function nameOf(text: string): CertificateName | undefined {
  const address = normalAddress(text);
  if (isIP(address) !== 0) {
    const unusable = address.startsWith('fe80:') || address === '0.0.0.0' || address === '::';
    return unusable ? undefined : { type: 'ip', value: address };
  }
  return dnsName.test(text) ? { type: 'dns', value: text } : undefined;
}

import { availableParallelism, hostname, networkInterfaces, release, totalmem } from 'node:os';
import type { HostAddress, HostFacts } from './host-facts.ts';

/** {@link HostFacts} of the machine this runs on, at this moment. Never throws. */
export function systemHostFacts(): HostFacts {
  return {
    platform: process.platform,
    arch: process.arch,
    kernelRelease: attempt(release, ''),
    hostname: attempt(hostname, ''),
    cpuCount: availableParallelism(),
    memoryBytes: totalmem(),
    networkInterfaces: attempt(addressesByInterface, {}),
  };
}

function addressesByInterface(): Record<string, readonly HostAddress[]> {
  const found: Record<string, readonly HostAddress[]> = {};
  for (const [name, addresses] of Object.entries(networkInterfaces())) {
    if (addresses !== undefined) found[name] = addresses;
  }
  return found;
}

/** os.networkInterfaces() throws where a service may not open netlink (systemd's RestrictAddressFamilies). */
function attempt<T>(fact: () => T, otherwise: T): T {
  try {
    return fact();
  } catch {
    return otherwise;
  }
}

import type { SystemProbe } from '../../apps/agent/src/commands/system-metrics.ts';
import type { HostFacts } from '../../apps/agent/src/inventory/index.ts';

/** What the system around every simulated agent says of itself. */
export const probe: SystemProbe = {
  loadAverage: () => [0, 0, 0],
  memoryBytes: () => ({ total: 2 ** 32, available: 2 ** 31 }),
  uptimeSeconds: () => 1,
  residentBytes: () => 2 ** 26,
  diskBytes: () => Promise.resolve(undefined),
};

export function hostCalled(hostname: string): HostFacts {
  return {
    platform: 'linux',
    arch: 'arm64',
    kernelRelease: '6.1.0',
    hostname,
    cpuCount: 4,
    memoryBytes: 2 ** 32,
    networkInterfaces: {},
  };
}

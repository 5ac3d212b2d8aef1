import { statfs } from 'node:fs/promises';
import { freemem, loadavg, totalmem, uptime } from 'node:os';
import type { SystemProbe } from './system-metrics.ts';

/** {@link SystemProbe} of the machine this runs on. */
export const systemProbe: SystemProbe = {
  loadAverage: loadavg,
  memoryBytes: () => ({ total: totalmem(), available: freemem() }),
  uptimeSeconds: uptime,
  residentBytes: () => process.memoryUsage.rss(),
  diskBytes: async (path) => {
    try {
      const { bsize, blocks, bavail } = await statfs(path);
      return { total: blocks * bsize, available: bavail * bsize };
    } catch {
      return undefined;
    }
  },
};

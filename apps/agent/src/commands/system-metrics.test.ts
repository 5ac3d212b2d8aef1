import { SimulatedFiles } from '@edgeflow/platform/simulated';
import { describe, expect, it } from 'vitest';
import { readSystemMetrics, type SystemProbe } from './system-metrics.ts';

const probe: SystemProbe = {
  loadAverage: () => [0.5, 0.25, 0.125],
  memoryBytes: () => ({ total: 8 * 2 ** 30, available: 2 ** 30 }),
  uptimeSeconds: () => 99.9,
  residentBytes: () => 60 * 2 ** 20,
  diskBytes: () => Promise.resolve({ total: 32 * 2 ** 30, available: 16 * 2 ** 30 }),
};

async function tree(files: Record<string, string>): Promise<SimulatedFiles> {
  const disk = new SimulatedFiles();
  for (const [path, content] of Object.entries(files)) {
    await disk.makeFolder(path.slice(0, path.lastIndexOf('/')));
    await disk.write(path, Buffer.from(content), 0o444);
  }
  return disk;
}

describe('system metrics', () => {
  it('come from /proc and /sys where those are', async () => {
    const files = await tree({
      '/pi/proc/loadavg': '1.25 0.75 0.50 2/180 4242\n',
      '/pi/proc/meminfo':
        'MemTotal:        3884012 kB\nMemFree:          100000 kB\nMemAvailable:    2097152 kB\n',
      '/pi/proc/uptime': '86400.55 300000.00\n',
      '/pi/sys/class/thermal/thermal_zone0/type': 'cpu-thermal\n',
      '/pi/sys/class/thermal/thermal_zone0/temp': '48312\n',
    });
    // SimulatedFiles lists files only; a real /sys lists the zones as links.
    files.list = () => Promise.resolve(['cooling_device0', 'thermal_zone0']);
    expect(await readSystemMetrics({ files, root: '/pi', probe, stateFolder: '/state' })).toEqual({
      load: [1.25, 0.75, 0.5],
      memory_mb: { total: 3793, available: 2048 },
      disk_mb: { total: 32_768, available: 16_384 },
      uptime_seconds: 86_400,
      temperatures_celsius: { 'cpu-thermal': 48.3 },
      agent_resident_mb: 60,
    });
  });

  it('come from the platform where there is no /proc', async () => {
    const files = new SimulatedFiles();
    const blind: SystemProbe = { ...probe, diskBytes: () => Promise.resolve(undefined) };
    expect(await readSystemMetrics({ files, root: '/', probe: blind, stateFolder: '/state' })).toEqual({
      load: [0.5, 0.25, 0.125],
      memory_mb: { total: 8192, available: 1024 },
      uptime_seconds: 99,
      agent_resident_mb: 60,
    });
  });

  it('keep zones of one type apart, and leave out a sensor that does not answer', async () => {
    const files = await tree({
      '/sys/class/thermal/thermal_zone0/type': 'cpu\n',
      '/sys/class/thermal/thermal_zone0/temp': '40000\n',
      '/sys/class/thermal/thermal_zone1/type': 'cpu\n',
      '/sys/class/thermal/thermal_zone1/temp': '-5000\n',
      '/sys/class/thermal/thermal_zone2/type': 'gpu\n',
    });
    files.list = () => Promise.resolve(['thermal_zone0', 'thermal_zone1', 'thermal_zone2']);
    const metrics = await readSystemMetrics({ files, root: '/', probe, stateFolder: '/state' });
    expect(metrics.temperatures_celsius).toEqual({ cpu: 40, thermal_zone1: -5 });
  });
});

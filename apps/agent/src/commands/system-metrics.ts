import type { Files } from '@edgeflow/platform';

/** What the process can ask its platform; the files of Linux go first where they are there. */
export interface SystemProbe {
  /** Averages over 1, 5 and 15 minutes; zeros where the platform has none. */
  readonly loadAverage: () => readonly number[];
  readonly memoryBytes: () => { readonly total: number; readonly available: number };
  readonly uptimeSeconds: () => number;
  /** Resident memory of this process. */
  readonly residentBytes: () => number;
  /** The file system that holds `path`; undefined where that cannot be found out. */
  readonly diskBytes: (
    path: string,
  ) => Promise<{ readonly total: number; readonly available: number } | undefined>;
}

export interface SystemMetricsDeps {
  readonly files: Files;
  /** Folder that `/proc` and `/sys` are below: `/` in production. */
  readonly root: string;
  readonly probe: SystemProbe;
  readonly stateFolder: string;
}

/** Members are left out where the machine does not tell them. A type, not an interface: it travels as JSON. */
export type SystemMetrics = {
  /** Over 1, 5 and 15 minutes. */
  load: number[];
  memory_mb: { total: number; available: number };
  /** The file system of the state folder. */
  disk_mb?: { total: number; available: number };
  uptime_seconds: number;
  /** By thermal zone, e.g. `cpu-thermal`. */
  temperatures_celsius?: Record<string, number>;
  agent_resident_mb: number;
};

/** Reads what this machine is doing now. Never rejects. */
export async function readSystemMetrics(deps: SystemMetricsDeps): Promise<SystemMetrics> {
  const { probe, stateFolder } = deps;
  const [load, memory, uptime, temperatures, disk] = await Promise.all([
    readLoad(deps),
    readMemory(deps),
    readUptime(deps),
    readTemperatures(deps),
    probe.diskBytes(stateFolder),
  ]);
  return {
    load,
    memory_mb: inMegabytes(memory),
    ...(disk === undefined ? {} : { disk_mb: inMegabytes(disk) }),
    uptime_seconds: uptime,
    ...(Object.keys(temperatures).length === 0 ? {} : { temperatures_celsius: temperatures }),
    agent_resident_mb: megabytes(probe.residentBytes()),
  };
}

/** proc_loadavg(5): the first three fields. */
async function readLoad({ files, root, probe }: SystemMetricsDeps): Promise<number[]> {
  const fields = (await text(files, root, '/proc/loadavg')).split(' ').slice(0, 3).map(Number);
  const isWhole = fields.length === 3 && fields.every(Number.isFinite);
  return isWhole ? fields : [...probe.loadAverage()];
}

/** proc_meminfo(5), in units of 1024 bytes. `MemAvailable` is what can be used without swapping. */
async function readMemory({ files, root, probe }: SystemMetricsDeps) {
  const meminfo = await text(files, root, '/proc/meminfo');
  const total = /^MemTotal:\s+(\d+) kB$/m.exec(meminfo)?.[1];
  const available = /^MemAvailable:\s+(\d+) kB$/m.exec(meminfo)?.[1];
  if (total === undefined || available === undefined) return probe.memoryBytes();
  return { total: Number(total) * 1024, available: Number(available) * 1024 };
}

/** proc_uptime(5): seconds since boot, the time asleep included. */
async function readUptime({ files, root, probe }: SystemMetricsDeps): Promise<number> {
  const seconds = /^\d+/.exec(await text(files, root, '/proc/uptime'))?.[0];
  return seconds === undefined ? Math.floor(probe.uptimeSeconds()) : Number(seconds);
}

const zonesMax = 32;

/** Kernel documentation, thermal/sysfs-api: `temp` is in thousandths of a degree Celsius. */
async function readTemperatures({ files, root }: SystemMetricsDeps): Promise<Record<string, number>> {
  const folder = '/sys/class/thermal';
  const names = await files.list(below(root, folder)).catch(() => []);
  const found: Record<string, number> = {};
  for (const zone of names.filter((name) => /^thermal_zone\d+$/.test(name)).slice(0, zonesMax)) {
    const millidegrees = (await text(files, root, `${folder}/${zone}/temp`)).trim();
    if (!/^-?\d+$/.test(millidegrees)) continue;
    const type = (await text(files, root, `${folder}/${zone}/type`)).trim();
    const isFree = type !== '' && !Object.hasOwn(found, type);
    found[isFree ? type : zone] = Math.round(Number(millidegrees) / 100) / 10;
  }
  return found;
}

const sourceBytesMax = 64 * 1024;

async function text(files: Files, root: string, path: string): Promise<string> {
  try {
    return Buffer.from(await files.read(below(root, path), sourceBytesMax)).toString('utf8');
  } catch {
    return '';
  }
}

function below(root: string, path: string): string {
  return root.replace(/\/+$/, '') + path;
}

function inMegabytes({ total, available }: { total: number; available: number }) {
  return { total: megabytes(total), available: megabytes(available) };
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}

import type { RootedFiles } from './rooted-files.ts';

/** The tightest limits among this process's control groups (cgroups(7)), whoever set them. */
export interface ControlGroupLimits {
  readonly memoryBytes: number | undefined;
  /** Processors' worth of time, e.g. 1.5. */
  readonly cpus: number | undefined;
}

/** Deepest nesting followed; a pod on a node is about five deep. */
const levelsMax = 32;

/**
 * A limit set on any level binds all levels below, so each level from this process's own group to the top is
 * asked. Inside a container the path in /proc/self/cgroup may be the host's, of which the container sees only
 * the top: levels that are not there are skipped.
 */
export async function readControlGroupLimits(files: RootedFiles): Promise<ControlGroupLimits> {
  const groups = (await files.text('/proc/self/cgroup')) ?? '';
  const unified = levels(groupPath(groups, ''));
  const memory = levels(groupPath(groups, 'memory'));
  const cpu = levels(groupPath(groups, 'cpu'));
  const [memoryBytes, cpus] = await Promise.all([
    Promise.all([
      ...unified.map(async (level) => positive(await files.line(`/sys/fs/cgroup${level}/memory.max`))),
      ...memory.map(async (level) =>
        positive(await files.line(`/sys/fs/cgroup/memory${level}/memory.limit_in_bytes`)),
      ),
    ]),
    Promise.all([
      ...unified.map(async (level) => unifiedCpus(await files.line(`/sys/fs/cgroup${level}/cpu.max`))),
      ...cpu.flatMap((level) => [
        legacyCpus(files, `/sys/fs/cgroup/cpu${level}`),
        legacyCpus(files, `/sys/fs/cgroup/cpu,cpuacct${level}`),
      ]),
    ]),
  ]);
  return { memoryBytes: smallest(memoryBytes), cpus: smallest(cpus) };
}

/** The group of a version 1 controller, or of version 2 for ''. Lines are `id:controller,controller:path`. */
function groupPath(groups: string, controller: string): string {
  for (const line of groups.split('\n')) {
    const [, controllers, ...path] = line.split(':');
    if (controllers?.split(',').includes(controller) === true) return path.join(':');
  }
  return '/';
}

/** `/a/b` as `/a/b`, `/a` and the top, which is ''. */
function levels(path: string): string[] {
  const names = path.split('/').filter((name) => name !== '');
  // A group outside this process's namespace is shown as "/../…": only the top can be asked.
  if (names.includes('..') || names.length > levelsMax) return [''];
  return [...names.map((_, index) => `/${names.slice(0, names.length - index).join('/')}`), ''];
}

/** `cpu.max` of version 2: `quota period` in microseconds, or `max period`. */
function unifiedCpus(line: string | undefined): number | undefined {
  const [quota, period] = line?.split(' ') ?? [];
  return quotient(quota, period);
}

async function legacyCpus(files: RootedFiles, folder: string): Promise<number | undefined> {
  // A quota of -1 means none, and is no positive number.
  const quota = await files.line(`${folder}/cpu.cfs_quota_us`);
  if (positive(quota) === undefined) return undefined;
  return quotient(quota, await files.line(`${folder}/cpu.cfs_period_us`));
}

function quotient(quota: string | undefined, period: string | undefined): number | undefined {
  const [above, below] = [positive(quota), positive(period)];
  return above === undefined || below === undefined ? undefined : above / below;
}

/** Undefined for everything that is no limit: `max`, `-1`, 0, noise. */
function positive(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,20}$/.test(text)) return undefined;
  const number = Number(text);
  return number > 0 ? number : undefined;
}

function smallest(numbers: readonly (number | undefined)[]): number | undefined {
  const known = numbers.filter((number) => number !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

import { expect, it } from 'vitest';
import { readControlGroupLimits } from './control-groups.ts';
import { rootedFiles } from './testing/plant.ts';

async function limits(files: Record<string, string>): Promise<unknown> {
  return readControlGroupLimits((await rootedFiles({ files })).files);
}

it('version 2: the tightest limit of all levels binds', async () => {
  const found = await limits({
    '/proc/self/cgroup': '0::/a/b/c\n',
    '/sys/fs/cgroup/a/b/c/memory.max': '4096000\n',
    '/sys/fs/cgroup/a/b/memory.max': 'max\n',
    '/sys/fs/cgroup/a/memory.max': '2048000\n',
    '/sys/fs/cgroup/a/b/c/cpu.max': 'max 100000\n',
    '/sys/fs/cgroup/a/b/cpu.max': '25000 100000\n',
    '/sys/fs/cgroup/a/cpu.max': '300000 100000\n',
  });
  expect(found).toStrictEqual({ memoryBytes: 2_048_000, cpus: 0.25 });
});

it('version 1: in a container that sees only the top of the host’s path', async () => {
  const found = await limits({
    '/proc/self/cgroup':
      '9:memory:/docker/4f1c\n8:cpuset:/docker/4f1c\n5:cpuacct,cpu:/docker/4f1c\n1:name=systemd:/docker/4f1c\n',
    '/sys/fs/cgroup/memory/memory.limit_in_bytes': '268435456\n',
    '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '200000\n',
    '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000\n',
  });
  expect(found).toStrictEqual({ memoryBytes: 268_435_456, cpus: 2 });
});

it('a group outside this namespace leads no path out of the control groups', async () => {
  const found = await limits({
    '/proc/self/cgroup': '0::/../../../memory\n',
    '/memory/memory.max': '1\n',
    '/sys/fs/cgroup/memory.max': '1048576\n',
  });
  expect(found).toStrictEqual({ memoryBytes: 1_048_576, cpus: undefined });
});

it.each(['max\n', '-1\n', '0\n', '', '12 apples\n', '1e99\n'])('%j is no limit', async (text) => {
  const found = await limits({
    '/sys/fs/cgroup/memory.max': text,
    '/sys/fs/cgroup/memory/memory.limit_in_bytes': text,
    '/sys/fs/cgroup/cpu.max': `${text.trim()} 100000\n`,
    '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': text,
    '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
  });
  expect(found).toStrictEqual({ memoryBytes: undefined, cpus: undefined });
});

import type { CpuinfoFacts } from './cpuinfo.ts';
import type { RootedFiles } from './rooted-files.ts';

/** The kernel's own ceiling (CONFIG_NR_CPUS on x86); a list that claims more is not a list of processors. */
const coresMax = 8192;

/** Logical processors that are online, or undefined where neither source says. */
export async function readCpuCores(files: RootedFiles, cpuinfo: CpuinfoFacts): Promise<number | undefined> {
  if (cpuinfo.processors !== undefined) return cpuinfo.processors;
  return countCpuList(await files.line('/sys/devices/system/cpu/online'));
}

/** Size of a kernel processor list such as `0-3,5` (cpuset(7), "List format"); undefined for anything else. */
function countCpuList(list: string | undefined): number | undefined {
  if (list === undefined || !/^\d{1,5}(-\d{1,5})?(,\d{1,5}(-\d{1,5})?)*$/.test(list)) return undefined;
  let count = 0;
  for (const range of list.split(',')) {
    const [first, last] = range.split('-').map(Number);
    if (first === undefined || (last !== undefined && last < first)) return undefined;
    count += (last ?? first) - first + 1;
  }
  return count <= coresMax ? count : undefined;
}

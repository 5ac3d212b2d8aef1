import type { CpuinfoFacts } from './cpuinfo.ts';
import type { DeviceTreeFacts } from './device-tree.ts';
import type { DmiFacts } from './dmi.ts';
import type { RootedFiles } from './rooted-files.ts';

/**
 * Firmware texts that only virtual machines have, as prefixes. Vendor names alone will not do: "Microsoft
 * Corporation" also builds tablets and "Google" laptops.
 */
const firmwarePrefixes = [
  ['KVM', 'kvm'],
  ['OpenStack', 'kvm'],
  ['KubeVirt', 'kvm'],
  ['Amazon EC2', 'amazon'],
  ['Google Compute Engine', 'google'],
  ['QEMU', 'qemu'],
  ['VMware', 'vmware'],
  ['VMW', 'vmware'],
  ['VirtualBox', 'oracle'],
  ['innotek GmbH', 'oracle'],
  ['Hyper-V', 'microsoft'],
  ['Xen', 'xen'],
  ['Parallels', 'parallels'],
  ['BHYVE', 'bhyve'],
  ['Bochs', 'bochs'],
  ['Apple Virtualization', 'apple'],
] as const;

/** Machine types of QEMU's generic boards (`-machine virt`) in their device trees. */
const qemuBoards: ReadonlySet<string> = new Set([
  'linux,dummy-virt',
  'riscv-virtio',
  'riscv-virtio,qemu',
  'qemu,pseries',
]);

/** The kind of virtual machine this is, by systemd-detect-virt's names, or undefined on hardware. */
export async function readVirtualization(
  files: RootedFiles,
  facts: { dmi: DmiFacts; deviceTree: DeviceTreeFacts; cpuinfo: CpuinfoFacts },
): Promise<string | undefined> {
  const firmware = byFirmware(facts.dmi) ?? byDeviceTree(facts.deviceTree);
  // QEMU's firmware texts are the same with and without hardware help; the clock that KVM gives its guests tells.
  if (firmware !== undefined && firmware !== 'qemu') return firmware;
  if (await hasKvmClock(files)) return 'kvm';
  if (firmware !== undefined) return firmware;
  if (await isXenGuest(files)) return 'xen';
  if (/microsoft/i.test((await files.line('/proc/sys/kernel/osrelease')) ?? '')) return 'wsl';
  return facts.cpuinfo.hasHypervisor ? 'vm-other' : undefined;
}

/** Whether a device-tree model names a board of QEMU's rather than a product. */
export function isQemuBoard(model: string): boolean {
  return qemuBoards.has(model);
}

function byFirmware(dmi: DmiFacts): string | undefined {
  const { sysVendor, productName } = dmi;
  if (sysVendor === 'Microsoft Corporation' && productName === 'Virtual Machine') return 'microsoft';
  for (const text of [productName, sysVendor, dmi.boardVendor, dmi.biosVendor, dmi.productVersion]) {
    const kind = firmwarePrefixes.find(([prefix]) => text?.startsWith(prefix))?.[1];
    // Amazon rents whole machines under the same vendor name, as products like "m5.metal".
    if (kind === 'amazon' && productName?.includes('.metal') === true) return undefined;
    if (kind !== undefined) return kind;
  }
  return undefined;
}

function byDeviceTree(tree: DeviceTreeFacts): string | undefined {
  if (tree.hypervisor === 'linux,kvm') return 'kvm';
  if (tree.hypervisor?.startsWith('xen') === true) return 'xen';
  if (tree.hypervisor?.startsWith('vmware') === true) return 'vmware';
  if (tree.hypervisor !== undefined) return 'vm-other';
  return tree.compatible.some(isQemuBoard) ? 'qemu' : undefined;
}

async function hasKvmClock(files: RootedFiles): Promise<boolean> {
  const clocks = await files.line('/sys/devices/system/clocksource/clocksource0/available_clocksource');
  return clocks?.split(' ').includes('kvm-clock') === true;
}

/** The control domain of a Xen machine sees the same files as its guests, and is no guest. */
async function isXenGuest(files: RootedFiles): Promise<boolean> {
  if ((await files.line('/sys/hypervisor/type')) !== 'xen') return false;
  return (await files.line('/proc/xen/capabilities'))?.split(',').includes('control_d') !== true;
}

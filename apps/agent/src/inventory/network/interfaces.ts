import type { RootedFiles } from '../rooted-files.ts';
import { isInterfaceName } from './interface-names.ts';

/** What sysfs tells about one network interface (Documentation/ABI/testing/sysfs-class-net). */
export interface InterfaceFacts {
  readonly name: string;
  /** ARPHRD_* of linux/if_arp.h. */
  readonly hardwareType: number;
  /** Lower case, colons; undefined where the link has none. */
  readonly mac: string | undefined;
  /** Ready to carry traffic, or a kind that does not say (modems, tunnels). */
  readonly isUp: boolean;
  /** Backed by a device: a chip, a USB adapter, a virtual machine's card. */
  readonly hasDevice: boolean;
  readonly isWireless: boolean;
  /** `DEVTYPE` of its uevent, e.g. `wlan`, `wwan`, `bridge`, `bond`, `vlan`. */
  readonly deviceType: string | undefined;
  /** Interfaces this one is built on, the one in use first. */
  readonly lowerNames: readonly string[];
}

const folder = '/sys/class/net';
const lowerPrefix = 'lower_';

/** Names of the interfaces sysfs shows, sorted; none where there is no sysfs. */
export async function listInterfaces(files: RootedFiles): Promise<readonly string[]> {
  return (await files.list(folder)).filter(isInterfaceName);
}

/** Undefined when there is no such interface, or sysfs is not there. */
export async function readInterface(files: RootedFiles, name: string): Promise<InterfaceFacts | undefined> {
  if (!isInterfaceName(name)) return undefined;
  const place = `${folder}/${name}`;
  const hardwareType = await files.line(`${place}/type`);
  if (hardwareType === undefined || !/^\d{1,5}$/.test(hardwareType)) return undefined;
  const [address, state, hasDevice, hasWireless, hasPhy, uevent, entries, activePort] = await Promise.all([
    files.line(`${place}/address`),
    files.line(`${place}/operstate`),
    files.exists(`${place}/device`),
    files.exists(`${place}/wireless`),
    files.exists(`${place}/phy80211`),
    files.text(`${place}/uevent`),
    files.list(place),
    files.line(`${place}/bonding/active_slave`),
  ]);
  const deviceType = /^DEVTYPE=(\w+)$/m.exec(uevent ?? '')?.[1];
  return {
    name,
    hardwareType: Number(hardwareType),
    mac: usableMac(address),
    // "unknown" is what drivers without link detection say (operstates.rst).
    isUp: state === 'up' || state === 'unknown',
    hasDevice,
    isWireless: hasWireless || hasPhy || deviceType === 'wlan',
    deviceType,
    lowerNames: lowerNames(entries, activePort),
  };
}

/** A MAC-48 address in lower case; undefined for none, all zeros, broadcast and other lengths (InfiniBand). */
export function usableMac(text: string | undefined): string | undefined {
  const mac = text?.toLowerCase() ?? '';
  if (!/^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/.test(mac)) return undefined;
  return mac === '00:00:00:00:00:00' || mac === 'ff:ff:ff:ff:ff:ff' ? undefined : mac;
}

/** The kernel links a bridge, bond or VLAN to what it stands on as `lower_<name>`. */
function lowerNames(entries: readonly string[], activePort: string | undefined): string[] {
  const linked = entries.filter((entry) => entry.startsWith(lowerPrefix));
  const names = linked.map((entry) => entry.slice(lowerPrefix.length)).filter(isInterfaceName);
  return names.sort((left, right) => Number(right === activePort) - Number(left === activePort));
}

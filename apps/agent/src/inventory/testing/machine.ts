import type { HostAddress, HostFacts } from '../host-facts.ts';

/**
 * One machine as its files show it, for tests: paths from the root, contents as the kernel prints them (device-tree
 * texts with their NUL, sysfs lines with their newline).
 */
export interface Machine {
  readonly host: HostFacts;
  readonly files: Readonly<Record<string, string>>;
  readonly folders: readonly string[];
  /** Symbolic links: place to target, relative as in sysfs. */
  readonly links: Readonly<Record<string, string>>;
}

/** Some files of a machine, to be combined by {@link machine}. */
export type Part = Partial<Omit<Machine, 'host'>>;

export function machine(host: Partial<HostFacts>, ...parts: readonly Part[]): Machine {
  return {
    host: { ...silentHost, ...host },
    files: Object.assign({}, ...parts.map((part) => part.files ?? {})) as Record<string, string>,
    folders: parts.flatMap((part) => part.folders ?? []),
    links: Object.assign({}, ...parts.map((part) => part.links ?? {})) as Record<string, string>,
  };
}

/** Values no fixture's files hold, so that a test shows where its answer came from. */
const silentHost: HostFacts = {
  platform: 'linux',
  arch: 'arm64',
  kernelRelease: 'kernel-from-process',
  hostname: 'name-from-process',
  cpuCount: 77,
  memoryBytes: 77 * 1024 * 1024,
  networkInterfaces: {},
};

export function v4(address: string, mac: string): HostAddress {
  return { address, family: 'IPv4', mac, internal: false };
}

export function v6(address: string, mac: string): HostAddress {
  return { address, family: 'IPv6', mac, internal: false };
}

/** `/proc/cpuinfo`: one block a processor, without its "processor" line, and what follows the last. */
export function cpuinfo(processors: number, block: string, trailer = ''): Part {
  const blocks = Array.from(
    { length: processors },
    (_, id) => `processor\t: ${String(id)}\n${block.trim()}\n\n`,
  );
  return { files: { '/proc/cpuinfo': blocks.join('') + trailer.trimStart() } };
}

export interface CardOptions {
  readonly mac?: string;
  /** ARPHRD_*: 1 is Ethernet. */
  readonly type?: number;
  readonly state?: 'up' | 'down' | 'unknown' | 'lowerlayerdown';
  readonly deviceType?: string;
  /** Folder below /sys/devices of the hardware; absent for an interface made by software. */
  readonly device?: string;
  /** Number of the radio, for wireless cards. */
  readonly phy?: number;
  /** Interfaces below this one. */
  readonly lowers?: readonly string[];
}

/** What sysfs shows of a network interface. */
export function card(name: string, options: CardOptions): Part {
  const place = `/sys/class/net/${name}`;
  const { device, phy } = options;
  const links: Record<string, string> = {};
  const folders: string[] = [];
  if (device !== undefined) {
    links[`${place}/device`] = `../../../devices/${device}`;
    folders.push(`/sys/devices/${device}`);
  }
  if (phy !== undefined) {
    links[`${place}/phy80211`] = `../../ieee80211/phy${String(phy)}`;
    folders.push(`/sys/class/ieee80211/phy${String(phy)}`, `${place}/wireless`);
  }
  for (const lower of options.lowers ?? []) links[`${place}/lower_${lower}`] = `../${lower}`;
  const deviceType = options.deviceType === undefined ? '' : `DEVTYPE=${options.deviceType}\n`;
  const files = {
    [`${place}/address`]: `${options.mac ?? ''}\n`,
    [`${place}/operstate`]: `${options.state ?? 'up'}\n`,
    [`${place}/type`]: `${String(options.type ?? 1)}\n`,
    [`${place}/uevent`]: `${deviceType}INTERFACE=${name}\n`,
  };
  return { files, folders, links };
}

export const loopback: Part = card('lo', { type: 772, state: 'unknown', mac: '00:00:00:00:00:00' });

/** `/proc/net/route`, rows without their heading; columns separated by any space. */
export function routes(...rows: readonly string[]): Part {
  const heading = 'Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT';
  const lines = [heading, ...rows].map((row) => row.trim().split(/\s+/).join('\t'));
  return { files: { '/proc/net/route': `${lines.join('\n')}\n` } };
}

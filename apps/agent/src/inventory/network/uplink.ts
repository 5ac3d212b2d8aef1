import type { HostFacts } from '../host-facts.ts';
import type { RootedFiles } from '../rooted-files.ts';
import { isLinkLocal, usableAddresses } from './addresses.ts';
import { isOverlayName, isVirtualName } from './interface-names.ts';
import { type InterfaceFacts, listInterfaces, readInterface } from './interfaces.ts';
import { readDefaultRoutes } from './routes.ts';

/** ARPHRD_ETHER, _PPP, _RAWIP and _NONE (linux/if_arp.h): kinds that carry IP. A CAN bus is 280. */
const ipHardwareTypes: ReadonlySet<number> = new Set([1, 512, 519, 65534]);

/**
 * The interface this device reaches the world through: that of the best default route that is no tunnel; else,
 * for a device without one yet, the best interface that is up; else a tunnel. Undefined when all are down.
 */
export async function chooseUplink(files: RootedFiles, host: HostFacts): Promise<string | undefined> {
  const routes = await readDefaultRoutes(files);
  const direct = routes.find((route) => !isOverlayName(route.interfaceName));
  if (direct !== undefined) return direct.interfaceName;
  return (await bestInterface(files, host)) ?? routes[0]?.interfaceName;
}

/** The MAC address printed on the board: that of the first wired card, else of any card, by name. */
export async function firstHardwareMac(
  files: RootedFiles,
): Promise<{ interfaceName: string; mac: string } | undefined> {
  const cards = (await readInterfaces(files)).filter(
    (facts) => facts.hasDevice && facts.deviceType !== 'wwan',
  );
  cards.sort((left, right) => Number(left.isWireless) - Number(right.isWireless));
  for (const { name, mac } of cards) if (mac !== undefined) return { interfaceName: name, mac };
  return undefined;
}

interface Candidate {
  readonly name: string;
  /** 0 for an address that routes, 1 for a link-local one, 2 for none. */
  readonly addressRank: number;
  readonly hasDevice: boolean;
}

async function bestInterface(files: RootedFiles, host: HostFacts): Promise<string | undefined> {
  const candidates = (await candidatesOf(files, host)).filter(({ name }) => !isVirtualName(name));
  candidates.sort(
    (left, right) => left.addressRank - right.addressRank || Number(right.hasDevice) - Number(left.hasDevice),
  );
  return candidates[0]?.name;
}

/** From sysfs where it shows interfaces, else from the process, which lists only those that are up. */
async function candidatesOf(files: RootedFiles, host: HostFacts): Promise<Candidate[]> {
  const interfaces = await readInterfaces(files);
  if (interfaces.length > 0) {
    return interfaces
      .filter((facts) => facts.isUp && ipHardwareTypes.has(facts.hardwareType))
      .map(({ name, hasDevice }) => ({ name, hasDevice, addressRank: addressRank(host, name) }));
  }
  return Object.keys(host.networkInterfaces)
    .map((name) => ({ name, hasDevice: false, addressRank: addressRank(host, name) }))
    .filter((candidate) => candidate.addressRank < 2);
}

async function readInterfaces(files: RootedFiles): Promise<InterfaceFacts[]> {
  const found = await Promise.all((await listInterfaces(files)).map((name) => readInterface(files, name)));
  return found.filter((facts) => facts !== undefined);
}

function addressRank(host: HostFacts, name: string): number {
  const best = usableAddresses(host, name)[0];
  if (best === undefined) return 2;
  return isLinkLocal(best) ? 1 : 0;
}

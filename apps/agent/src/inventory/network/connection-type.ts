import type { ConnectionType } from '../inventory.ts';
import type { RootedFiles } from '../rooted-files.ts';
import { connectionTypeOfName, isCellularName } from './interface-names.ts';
import { type InterfaceFacts, readInterface } from './interfaces.ts';

/** linux/if_arp.h: packets without a link header, which only modems' drivers use. */
const arphrdRawIp = 519;

/** How an interface reaches the world, by the hardware below it; undefined where nothing tells. */
export async function readConnectionType(
  files: RootedFiles,
  name: string,
): Promise<ConnectionType | undefined> {
  const facts = await readInterface(files, name);
  if (facts === undefined) return connectionTypeOfName(name);
  const bottom = await hardwareBelow(files, facts, new Set());
  return radioType(bottom ?? facts) ?? 'ethernet';
}

/**
 * The hardware an interface stands on: itself, or the first below a bridge, bond or VLAN, live ones first. Each
 * interface is looked at once (`seen`), whatever the links say.
 */
async function hardwareBelow(
  files: RootedFiles,
  facts: InterfaceFacts,
  seen: Set<string>,
): Promise<InterfaceFacts | undefined> {
  if (facts.hasDevice || radioType(facts) !== undefined) return facts;
  const lowers: InterfaceFacts[] = [];
  for (const name of facts.lowerNames) {
    if (seen.has(name)) continue;
    seen.add(name);
    const lower = await readInterface(files, name);
    if (lower !== undefined) lowers.push(lower);
  }
  lowers.sort((left, right) => Number(right.isUp) - Number(left.isUp));
  for (const lower of lowers) {
    const hardware = await hardwareBelow(files, lower, seen);
    if (hardware !== undefined) return hardware;
  }
  return undefined;
}

function radioType(facts: InterfaceFacts): 'wifi' | 'cellular' | undefined {
  if (facts.isWireless) return 'wifi';
  const isModem = facts.deviceType === 'wwan' || facts.hardwareType === arphrdRawIp;
  return isModem || isCellularName(facts.name) ? 'cellular' : undefined;
}

import type { HostFacts } from '../host-facts.ts';
import { readHostname } from '../hostname.ts';
import type { NetworkInfo } from '../inventory.ts';
import type { Notes } from '../notes.ts';
import { present } from '../present.ts';
import type { RootedFiles } from '../rooted-files.ts';
import { hostAddresses, usableAddresses } from './addresses.ts';
import { readConnectionType } from './connection-type.ts';
import { readInterface, usableMac } from './interfaces.ts';
import { chooseUplink, firstHardwareMac } from './uplink.ts';

/** The `network_info` document. A device that is not on a network yet sends its name and its MAC address. */
export async function readNetwork(files: RootedFiles, host: HostFacts, notes: Notes): Promise<NetworkInfo> {
  const hostname = await readHostname(files, host);
  const uplink = await chooseUplink(files, host);
  if (uplink === undefined) {
    notes.add('no network interface is up');
    return { hostname, ...present({ mac_address: (await firstHardwareMac(files))?.mac }) };
  }
  const [mac, connectionType] = await Promise.all([
    readMac(files, host, uplink, notes),
    readConnectionType(files, uplink),
  ]);
  const address = usableAddresses(host, uplink)[0];
  if (address === undefined) notes.add(`${uplink} has no address`);
  return {
    hostname,
    ...present({ ip_address: address, mac_address: mac, connection_type: connectionType }),
  };
}

/**
 * The uplink's MAC address, else that of the first card: modem links have none, and a code bound to the address
 * on the board's label must fit a board that happens to be online through its modem.
 */
async function readMac(
  files: RootedFiles,
  host: HostFacts,
  uplink: string,
  notes: Notes,
): Promise<string | undefined> {
  const own =
    (await readInterface(files, uplink))?.mac ??
    hostAddresses(host, uplink)
      .map((entry) => usableMac(entry.mac))
      .find((mac) => mac !== undefined);
  if (own !== undefined) return own;
  const card = await firstHardwareMac(files);
  if (card !== undefined)
    notes.add(`${uplink} has no MAC address; that of ${card.interfaceName} is reported`);
  return card?.mac;
}

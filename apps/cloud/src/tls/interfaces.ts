import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { normalAddress } from '../http/addresses.ts';

/** A documentation address (RFC 5737): only a route to it is looked up, nothing is sent. */
const somewhere = { address: '192.0.2.1', port: 9 };

/** Every address of every interface of this machine, loopback too, without zones. */
export function interfaceAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .map(({ address }) => normalAddress(address));
}

/** The address that packets to the rest of the world leave from; undefined without a network. */
export async function defaultRouteAddress(): Promise<string | undefined> {
  const socket = createSocket('udp4');
  try {
    // connect(2) on a datagram socket chooses the source address and sends no packet.
    socket.connect(somewhere.port, somewhere.address);
    await once(socket, 'connect');
    return socket.address().address;
  } catch {
    return undefined;
  } finally {
    socket.close();
  }
}

import type { ConnectFrame } from '@edgeflow/contract';
import { fingerprint, type TunnelHere } from '../features/clones/index.ts';
import { hashApiKey } from '../features/credentials/index.ts';
import type { ConnectionRequest } from '../features/presence/index.ts';
import { storableText } from '../storage/text.ts';
import type { Connection } from './connection.ts';

/**
 * What a `connect` frame asks for, without its secret. The connection knows its process from now on.
 *
 * @param here the tunnel that the device has on this node already, or has just had
 */
export function connectionRequest(
  connection: Connection,
  frame: ConnectFrame,
  here: TunnelHere | undefined,
): ConnectionRequest {
  connection.instance = fingerprint(frame.instance);
  return {
    deviceId: frame.device_id,
    keyHash: hashApiKey(frame.api_key),
    address: connection.address,
    version: frame.version === undefined ? null : storableText(frame.version),
    instance: connection.instance,
    boot: fingerprint(frame.boot_id),
    here,
  };
}

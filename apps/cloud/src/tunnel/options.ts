import type { IncomingMessage } from 'node:http';
import type { Clock, Random, Timers } from '@edgeflow/platform';
import type { DeviceLifeSign } from '../features/clones/index.ts';
import type { ConnectionRequest, ConnectionVerdict, OfflineFact } from '../features/presence/index.ts';
import type { Logger } from '../logging.ts';

export interface GatewayOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  readonly clientAddress: (request: IncomingMessage) => string;
  readonly admit: (request: ConnectionRequest) => Promise<ConnectionVerdict>;
  readonly departed: (fact: OfflineFact) => void;
  /** Epoch of a tunnel that has departed, until that is durable. */
  readonly departing: (deviceId: string) => number | undefined;
  /** Called when a device shows that it is alive where that may tell clones apart. */
  readonly noticed: (sign: DeviceLifeSign) => void;
  /** Called once a device has heard `connected`. */
  readonly connected: (session: OpenSession) => void;
  /** Sockets that may wait to say `connect`; past this one is evicted. */
  readonly strangersMax?: number;
}

export interface OpenSession {
  readonly deviceId: string;
  readonly restricted: boolean;
  readonly rotationWanted: boolean;
}

import type { TimeSource } from '@edgeflow/platform';
import type { CloudAddress } from './address.ts';
import { type Connect, connectorTo } from './connector.ts';
import { withDeadline } from './deadline.ts';
import { type Resolve, systemResolve } from './dial.ts';
import { exchange } from './exchange.ts';
import { type ConnectTimeouts, connectTimeouts } from './limits.ts';
import { type ConnectionProbe, probeConnection } from './probe.ts';
import type { ProxySettings } from './proxy.ts';
import { type CloudAnswer, type CloudRequest, type CloudTransport, TransportError } from './transport.ts';
import { CloudTunnelSocket, type TunnelSocketDeps } from './tunnel-socket.ts';
import type { TlsTrust } from './verified-tls.ts';

export interface CloudTransportOptions {
  readonly address: CloudAddress;
  readonly trust: TlsTrust;
  readonly proxy?: ProxySettings | undefined;
  readonly time: TimeSource;
  readonly timeouts?: ConnectTimeouts;
  readonly resolve?: Resolve;
}

/** A transport that can also tell, phase by phase, how far a connection comes. */
export interface ProbingTransport extends CloudTransport {
  /** Connects, says nothing and closes. Never rejects. */
  probe(): Promise<ConnectionProbe>;
}

/** The real way to a cloud. Its `origin` is the address's normal form, which `readCloudAddress` reads back. */
export function createCloudTransport(options: CloudTransportOptions): ProbingTransport {
  const { address, time, timeouts = connectTimeouts, resolve = systemResolve } = options;
  const connect = connectorTo({ ...options, proxy: options.proxy, timeouts, resolve });
  return transportOver(connect, { address, timers: time.timers, upgradeMs: timeouts.upgradeMs });
}

/** The same over any way to connect: a simulated network's, say. */
export function transportOver(
  connect: Connect,
  { address, timers, upgradeMs }: Omit<TunnelSocketDeps, 'connect'>,
): ProbingTransport {
  return {
    origin: address.url,

    async request(request: CloudRequest): Promise<CloudAnswer> {
      const { timeoutMs, signal } = request;
      const late = (): Error => answeredLate(address.authority, timeoutMs);
      try {
        return await withDeadline({ timers, limitMs: timeoutMs, signal, late }, async (bounded) => {
          const socket = await connect(bounded);
          return exchange(socket, address, request, bounded);
        });
      } catch (error) {
        if (signal?.aborted !== true || error instanceof TransportError) throw error;
        throw new TransportError('cloud_unreachable', 'The request was called off.', { cause: error });
      }
    },

    openTunnel: (listener) => new CloudTunnelSocket({ address, connect, timers, upgradeMs }, listener),

    probe: () => probeConnection(connect),
  };
}

function answeredLate(host: string, timeoutMs: number): TransportError {
  const seconds = String(timeoutMs / 1000);
  return new TransportError('cloud_unreachable', `${host} did not answer within ${seconds} seconds.`);
}

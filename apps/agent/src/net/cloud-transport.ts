import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { TimeSource } from '@edgeflow/platform';
import { releasedMs } from '../release-date.ts';
import type { CloudAddress } from './address.ts';
import { type Connect, connectorTo } from './connector.ts';
import { withDeadline } from './deadline.ts';
import { type Resolve, systemResolve } from './dial.ts';
import { exchange } from './exchange.ts';
import { type ConnectTimeouts, connectTimeouts } from './limits.ts';
import { onlyReleaseKnown, type TimeKnowledge, type Validity } from './plausible-time.ts';
import { type ConnectionProbe, probeConnection } from './probe.ts';
import type { ProxySettings } from './proxy.ts';
import { type CloudAnswer, type CloudRequest, type CloudTransport, TransportError } from './transport.ts';
import { CloudTunnelSocket } from './tunnel-socket.ts';
import type { TlsTrust } from './tls-trust.ts';

export interface CloudTransportOptions {
  readonly address: CloudAddress;
  readonly trust: TlsTrust;
  readonly proxy?: ProxySettings | undefined;
  readonly time: TimeSource;
  readonly timeouts?: ConnectTimeouts;
  readonly resolve?: Resolve;
  /** What is known of the time without the clock; the release date alone when left out. */
  readonly knowledge?: TimeKnowledge;
}

/** A transport that can also tell, phase by phase, how far a connection comes. */
export interface ProbingTransport extends CloudTransport {
  /** Connects, says nothing and closes. Never rejects. */
  probe(): Promise<ConnectionProbe>;
}

/** The real way to a cloud. Its `origin` is the address's normal form, which `readCloudAddress` reads back. */
export function createCloudTransport(options: CloudTransportOptions): ProbingTransport {
  const { address, time, timeouts = connectTimeouts, resolve = systemResolve } = options;
  const knowledge = options.knowledge ?? onlyReleaseKnown(releasedMs);
  const connect = connectorTo({ ...options, proxy: options.proxy, timeouts, resolve, knowledge });
  return transportOver(connect, { address, time, knowledge, upgradeMs: timeouts.upgradeMs });
}

export interface TransportOverOptions {
  readonly address: CloudAddress;
  readonly time: TimeSource;
  /** Hears what time it is at the cloud. */
  readonly knowledge: TimeKnowledge;
  /** How long an upgrade to a tunnel may take, in milliseconds. */
  readonly upgradeMs: number;
}

/** The same over any way to connect: a simulated network's, say. */
export function transportOver(
  connect: Connect,
  { address, knowledge, time, upgradeMs }: TransportOverOptions,
): ProbingTransport {
  const { timers, clock } = time;
  return {
    origin: address.url,

    async request(request: CloudRequest): Promise<CloudAnswer> {
      const { timeoutMs, signal } = request;
      const late = (): Error => answeredLate(address.authority, timeoutMs);
      try {
        return await withDeadline({ timers, limitMs: timeoutMs, signal, late }, async (bounded) => {
          const socket = await connect(bounded);
          const certificate = validityOf(socket);
          const askedMs = clock.monotonic();
          const answer = await exchange(socket, address, request, bounded);
          // RFC 9110, section 6.6.1: when the answer was made, in whole seconds.
          const cloudMs = Date.parse(answer.headers['date'] ?? '');
          const ageMs = (clock.monotonic() - askedMs) / 2;
          if (!Number.isNaN(cloudMs)) knowledge.onCloudTime({ cloudMs, ageMs, certificate });
          return answer;
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

/** Of the certificate that the cloud has proven itself with, while the connection stands. */
function validityOf(socket: Socket): Validity | undefined {
  const leaf = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
  if (leaf === undefined) return undefined;
  return { fromMs: leaf.validFromDate.getTime(), untilMs: leaf.validToDate.getTime() };
}

function answeredLate(host: string, timeoutMs: number): TransportError {
  const seconds = String(timeoutMs / 1000);
  return new TransportError('cloud_unreachable', `${host} did not answer within ${seconds} seconds.`);
}

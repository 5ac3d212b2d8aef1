import type { Socket } from 'node:net';
import type { TimeSource } from '@edgeflow/platform';
import { type CloudAddress, isLoopbackHost } from './address.ts';
import { type ConnectObserver, dial, endpointOf, type Resolve, silentObserver } from './dial.ts';
import { dialThroughProxy, type ProxyDeps } from './dial-proxy.ts';
import type { ConnectTimeouts } from './limits.ts';
import type { TimeKnowledge } from './plausible-time.ts';
import { proxyFor, type ProxySettings } from './proxy.ts';
import { TransportError } from './transport.ts';
import type { TlsTrust } from './tls-trust.ts';
import { CloudTls } from './verified-tls.ts';

export interface ConnectorOptions {
  readonly address: CloudAddress;
  readonly trust: TlsTrust;
  readonly proxy: ProxySettings | undefined;
  readonly time: TimeSource;
  readonly timeouts: ConnectTimeouts;
  readonly resolve: Resolve;
  readonly knowledge: TimeKnowledge;
}

/** Makes a connection on which the first byte may be written. The signal gives up in whatever phase it is. */
export type Connect = (signal: AbortSignal, observer?: ConnectObserver) => Promise<Socket>;

/**
 * The one way to a cloud, for requests and for the tunnel alike: resolve, proxy, TCP, TLS, chain, name, pin. Plain HTTP
 * goes to this very machine or nowhere.
 *
 * @returns a function that throws {@link TransportError} when a phase fails.
 */
export function connectorTo(options: ConnectorOptions): Connect {
  const { address, time, timeouts, resolve, knowledge } = options;
  const tlsDeps = { time, handshakeMs: timeouts.tlsMs, knowledge };
  const tls = new CloudTls(address.host, options.trust, tlsDeps);
  const endpoint = endpointOf(address);
  const proxy = proxyFor(address, options.proxy);
  return async (signal, observer = silentObserver) => {
    const deps: ProxyDeps = { time, timeouts, resolve, observer, knowledge };
    const open = (bounded: AbortSignal): Promise<Socket> =>
      proxy === undefined ? dial(endpoint, deps, bounded) : dialThroughProxy(endpoint, proxy, deps, bounded);
    if (address.isTls) return tls.secure(open, signal, observer);
    return requireLoopback(await open(signal), endpoint.label);
  };
}

/** A name that sounds like this machine may still resolve to another one. */
function requireLoopback(socket: Socket, label: string): Socket {
  if (isLoopbackHost(socket.remoteAddress ?? '')) return socket;
  socket.destroy();
  const message = `${label} is not on this machine, and without TLS nothing is sent to another one.`;
  throw new TransportError('tls_untrusted', message);
}

import { request } from 'node:http';
import type { Socket } from 'node:net';
import { reasonOf, withDeadline } from './deadline.ts';
import { dial, type DialDeps, type Endpoint, silentObserver } from './dial.ts';
import { headBytesMax } from './limits.ts';
import type { TimeKnowledge } from './plausible-time.ts';
import type { HttpProxy } from './proxy.ts';
import { networkErrorCode } from './socket.ts';
import { TransportError } from './transport.ts';
import { CloudTls } from './verified-tls.ts';

export interface ProxyDeps extends DialDeps {
  readonly knowledge: TimeKnowledge;
}

/**
 * A connection to the cloud that a proxy has made on our behalf (CONNECT). Its credentials go to the proxy alone, and
 * the name of the cloud is resolved there, because a device behind a proxy often has no DNS of the outside.
 *
 * @throws TransportError `proxy_refused`, or `cloud_unreachable` when the proxy says so.
 */
export async function dialThroughProxy(
  target: Endpoint,
  proxy: HttpProxy,
  deps: ProxyDeps,
  signal: AbortSignal,
): Promise<Socket> {
  const { time, timeouts, observer } = deps;
  const { timers } = time;
  observer.started('proxy');
  const socket = await dialProxy(proxy, deps, signal);
  const late = (): Error => proxyRefused(proxy, 'did not answer in time');
  try {
    await withDeadline({ timers, limitMs: timeouts.proxyMs, signal, late }, (bounded) =>
      askProxy(socket, target.label, proxy, bounded),
    );
  } catch (error) {
    // Also when the time was up before anything was asked.
    socket.destroy();
    throw error;
  }
  observer.passed('resolve', `${target.host} is resolved by the proxy`);
  observer.passed('proxy', `${proxy.label} connects to ${target.label}`);
  observer.passed('tcp', `${target.label} accepts connections from the proxy`);
  return socket;
}

/**
 * Whatever keeps the proxy itself from being reached is the proxy's problem, not the cloud's. One that speaks TLS is
 * verified as strictly as a cloud, against the public roots and NODE_EXTRA_CA_CERTS: it gets credentials.
 */
async function dialProxy(proxy: HttpProxy, deps: ProxyDeps, signal: AbortSignal): Promise<Socket> {
  const { time, timeouts, knowledge } = deps;
  const open = (bounded: AbortSignal): Promise<Socket> =>
    dial(proxy, { ...deps, observer: silentObserver }, bounded);
  try {
    if (!proxy.isTls) return await open(signal);
    const tls = new CloudTls(proxy.host, { pins: [] }, { time, handshakeMs: timeouts.tlsMs, knowledge });
    return await tls.secure(open, signal, silentObserver);
  } catch (error) {
    signal.throwIfAborted();
    const why = error instanceof Error ? error.message.replace(/\.$/, '') : 'unknown cause';
    const isUntrusted = error instanceof TransportError && error.code === 'tls_untrusted';
    const advice = isUntrusted ? ' Its own authority can be named in NODE_EXTRA_CA_CERTS.' : '';
    throw new TransportError('proxy_refused', `The proxy ${proxy.label} cannot be used: ${why}.${advice}`, {
      cause: error,
    });
  }
}

/** RFC 9110, section 9.3.6. Node's parser bounds the head of the answer, and no body is read. */
function askProxy(socket: Socket, target: string, proxy: HttpProxy, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
      reject(error);
    };
    const onAbort = (): void => {
      fail(reasonOf(signal));
    };
    const asking = request({
      method: 'CONNECT',
      path: target,
      headers: { host: target, ...proxy.authorizationHeaders() },
      setHost: false,
      maxHeaderSize: headBytesMax,
      createConnection: () => socket,
    });
    asking.on('error', (error) => {
      fail(
        proxyRefused(proxy, `broke off or answered in no form of HTTP (${networkErrorCode(error)})`, error),
      );
    });
    asking.on('connect', (answer, _socket, head) => {
      const status = answer.statusCode ?? 0;
      if (status < 200 || status > 299) fail(refusal(proxy, target, status));
      else if (head.length > 0) fail(proxyRefused(proxy, 'sent data before the connection was used'));
      else {
        signal.removeEventListener('abort', onAbort);
        resolve();
      }
    });
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    else asking.end();
  });
}

function refusal(proxy: HttpProxy, target: string, status: number): TransportError {
  if (status === 407) {
    return proxyRefused(
      proxy,
      proxy.hasCredentials
        ? 'did not accept the user name and password in HTTPS_PROXY (407)'
        : 'asks for a user name and password (407): HTTPS_PROXY holds none',
    );
  }
  if (status === 502 || status === 503 || status === 504) {
    const message = `The proxy ${proxy.label} could not reach ${target} (it answered ${String(status)}).`;
    return new TransportError('cloud_unreachable', message);
  }
  return proxyRefused(proxy, `does not allow connections to ${target} (it answered ${String(status)})`);
}

function proxyRefused(proxy: HttpProxy, what: string, cause?: unknown): TransportError {
  return new TransportError('proxy_refused', `The proxy ${proxy.label} ${what}.`, { cause });
}

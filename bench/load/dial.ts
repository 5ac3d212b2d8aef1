import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectSecure, createSecureContext, type SecureContext } from 'node:tls';

/** Where to connect. One context for all connections: reading the CA anew for each would measure the client. */
export interface Target {
  readonly host: string;
  readonly port: number;
  /** Undefined: plain TCP. */
  readonly secureContext: SecureContext | undefined;
}

export function targetOf(url: URL, caFile?: string): Target {
  const isSecure = url.protocol === 'https:';
  if (isSecure && caFile === undefined) throw new Error('an https address needs the CA that vouches for it');
  return {
    host: url.hostname,
    port: Number(url.port),
    secureContext:
      isSecure && caFile !== undefined ? createSecureContext({ ca: readFileSync(caFile) }) : undefined,
  };
}

/** A connection that is being made; TLS is verified. Writes wait until it stands. */
export function dial({ host, port, secureContext }: Target): Socket {
  const socket =
    secureContext === undefined
      ? connectPlain({ host, port, noDelay: true })
      : connectSecure({ host, port, secureContext, ALPNProtocols: ['http/1.1'] });
  return socket.setNoDelay(true);
}

/** A connection that stands, its TLS handshake done. */
export async function connected(target: Target): Promise<Socket> {
  const socket = dial(target);
  await once(socket, target.secureContext === undefined ? 'connect' : 'secureConnect');
  return socket;
}

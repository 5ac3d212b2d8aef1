import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { systemRandom } from '@edgeflow/platform';
import { issueCa, issueLeaf, makePrivateKey } from './issue.ts';
import type { CertificateSource } from './source.ts';

export interface Authority {
  readonly keyPem: string;
  readonly certificatePem: string;
}

export async function makeAuthority(nowMs: number): Promise<Authority> {
  const keyPem = makePrivateKey();
  return { keyPem, certificatePem: await issueCa(keyPem, { nowMs, random: systemRandom }) };
}

/** A chain (leaf, CA) and its key, for 127.0.0.1. */
export async function makePair(ca: Authority, nowMs: number): Promise<{ chain: string; key: string }> {
  const key = makePrivateKey();
  const names = [{ type: 'ip', value: '127.0.0.1' }] as const;
  const leaf = await issueLeaf(ca, key, names, { nowMs, random: systemRandom });
  return { chain: leaf + ca.certificatePem, key };
}

/** An HTTPS server on a free port that follows its source. */
export async function serveWith(source: CertificateSource): Promise<{ server: Server; port: number }> {
  const server = createServer(source.secureContextOptions(), (_, response) => response.end('here'));
  source.watch(() => {
    server.setSecureContext(source.secureContextOptions());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}

/** A TLS connection that was verified, or the error of its verification. */
export async function connectTo(port: number, options: ConnectionOptions): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port, ...options });
  await once(socket, 'secureConnect');
  return socket;
}

export function presented(socket: TLSSocket): X509Certificate {
  return new X509Certificate(socket.getPeerCertificate(true).raw);
}

import { createHash, type X509Certificate } from 'node:crypto';
import { isIP, type Socket } from 'node:net';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import type { TimeSource } from '@edgeflow/platform';
import { withDeadline } from './deadline.ts';
import type { ConnectObserver } from './dial.ts';
import { presentedCertificatesMax } from './limits.ts';
import { whenReady } from './socket.ts';
import { certificateText, isVerificationFailure, tlsFailure } from './tls-failure.ts';
import { TransportError } from './transport.ts';

/** Whom a device believes to be its cloud. */
export interface TlsTrust {
  /** Certificates of EDGEFLOW_SAAS_CA_FILE, PEM. They replace the public roots. */
  readonly caPem?: string | undefined;
  /** Each `sha256/` + base64 of the SHA-256 of an SPKI. */
  readonly pins: readonly string[];
}

export interface CloudTlsDeps {
  readonly time: TimeSource;
  readonly handshakeMs: number;
}

/** Opens a stream to the cloud on which nothing has been said. Called once for each handshake. */
export type OpenStream = (signal: AbortSignal) => Promise<Socket>;

/**
 * Decides whom to trust; no other file does.
 *
 * Every socket that {@link secure} resolves with keeps these promises:
 *
 * 1. OpenSSL has verified this very handshake, TLS 1.2 or later, with `rejectUnauthorized`: signatures from the leaf up
 *    to an anchor, validity now, CA flags, path lengths, purpose; and Node the host name. No session was resumed.
 * 2. Where there are pins, the leaf or an authority which the leaf chains to by signature has a pinned key. A pinned
 *    certificate that merely lies in the presented chain counts for nothing: anybody can copy it there.
 * 3. Nothing of ours was written before.
 *
 * The anchors are the CA file alone where there is one; else, with pins, the pinned certificates alone, whether or not
 * a public root vouches for them too; else the public roots. Pinned certificates are not known before the cloud shows
 * them, so a first handshake only looks: it is not verified, tells us the presented chain, and is destroyed before a
 * byte is written. A second one, with those certificates as the only anchors, is then verified in full by OpenSSL,
 * which knows more rules (name constraints, path lengths, weak signatures) than ought to be written again here. The
 * anchors are remembered, so later connections need one handshake; when they stop fitting, we look again.
 *
 * With pins alone it is the key that is trusted, not the certificate around it: whoever holds the pinned key may show
 * it in a certificate with other dates or constraints, and that one is the anchor. A CA file fixes those as well.
 */
export class CloudTls {
  readonly #host: string;
  readonly #trust: TlsTrust;
  readonly #deps: CloudTlsDeps;
  #pinnedAnchors: readonly string[] = [];

  constructor(host: string, trust: TlsTrust, deps: CloudTlsDeps) {
    this.#host = host;
    this.#trust = trust;
    this.#deps = deps;
  }

  /** @throws TransportError with a `tls_…` code, `not_the_cloud`, or what `open` throws. */
  async secure(open: OpenStream, signal: AbortSignal, observer: ConnectObserver): Promise<TLSSocket> {
    observer.started('tls');
    try {
      const socket = await this.#trusted(open, signal);
      const leaf = certificateText(socket.getPeerX509Certificate());
      observer.passed('tls', `${socket.getProtocol() ?? 'TLS'}, ${leaf}`);
      if (this.#trust.pins.length > 0) this.#requirePin(socket, observer);
      return socket;
    } catch (error) {
      if (!isVerificationFailure(error)) throw error;
      // The refused connection is gone with its certificates; a look tells what to write about them.
      const presented = await this.#look(open, signal).catch(() => []);
      throw tlsFailure(error.cause, this.#host, { presented, nowMs: this.#deps.time.clock.now() });
    }
  }

  #trusted(open: OpenStream, signal: AbortSignal): Promise<TLSSocket> {
    const { caPem, pins } = this.#trust;
    if (caPem !== undefined) return this.#verified(open, { ca: caPem }, signal);
    return pins.length > 0 ? this.#trustedByPin(open, signal) : this.#verified(open, {}, signal);
  }

  async #trustedByPin(open: OpenStream, signal: AbortSignal): Promise<TLSSocket> {
    if (this.#pinnedAnchors.length > 0) {
      try {
        return await this.#verified(open, { ca: [...this.#pinnedAnchors] }, signal);
      } catch (error) {
        // Another certificate over the same pinned key, perhaps: a renewed authority, or the next of several pins.
        if (!isVerificationFailure(error)) throw error;
      }
    }
    const presented = await this.#look(open, signal);
    const anchors = pinnedCertificates(presented, this.#trust.pins).map((certificate) =>
      certificate.toString(),
    );
    if (anchors.length === 0) throw pinMismatch(this.#host, presented, this.#trust.pins);
    const socket = await this.#verified(open, { ca: anchors }, signal);
    this.#pinnedAnchors = anchors;
    return socket;
  }

  /** A handshake that OpenSSL has verified against `anchors`, or against the public roots without them. */
  async #verified(
    open: OpenStream,
    anchors: Pick<ConnectionOptions, 'ca'>,
    signal: AbortSignal,
  ): Promise<TLSSocket> {
    const raw = await open(signal);
    try {
      // A pinned or configured certificate need not be self-signed to be an anchor.
      const strict = { rejectUnauthorized: true, allowPartialTrustChain: true };
      return await this.#handshake(raw, { ...anchors, ...strict }, signal);
    } catch (error) {
      // Also when the time was up before the handshake had begun.
      raw.destroy();
      signal.throwIfAborted();
      throw tlsFailure(error, this.#host);
    }
  }

  /** The chain as the other end presents it, leaf first; believed in nothing. */
  async #look(open: OpenStream, signal: AbortSignal): Promise<X509Certificate[]> {
    const raw = await open(signal);
    try {
      const socket = await this.#handshake(raw, { rejectUnauthorized: false }, signal);
      const presented = presentedCertificates(socket);
      socket.destroy();
      return presented;
    } catch (error) {
      raw.destroy();
      signal.throwIfAborted();
      throw tlsFailure(error, this.#host);
    }
  }

  #handshake(raw: Socket, options: ConnectionOptions, signal: AbortSignal): Promise<TLSSocket> {
    const seconds = String(this.#deps.handshakeMs / 1000);
    const late = (): Error =>
      new TransportError(
        'cloud_unreachable',
        `${this.#host} did not finish the TLS handshake in ${seconds} seconds.`,
      );
    const limits = { timers: this.#deps.time.timers, limitMs: this.#deps.handshakeMs, signal, late };
    return withDeadline(limits, async (bounded) => {
      // SNI carries names alone (RFC 6066, section 3); `host` is what the certificate is checked against.
      const servername = isIP(this.#host) === 0 ? { servername: this.#host } : {};
      const common = {
        socket: raw,
        host: this.#host,
        minVersion: 'TLSv1.2',
        ALPNProtocols: ['http/1.1'],
      } as const;
      const socket = connect({ ...common, ...servername, ...options });
      try {
        await whenReady(socket, 'secureConnect', bounded);
      } catch (error) {
        raw.destroy();
        throw error;
      }
      return socket;
    });
  }

  #requirePin(socket: TLSSocket, observer: ConnectObserver): void {
    observer.started('pin');
    const presented = presentedCertificates(socket);
    const [pinned] = pinnedCertificates(presented, this.#trust.pins);
    if (pinned === undefined) {
      socket.destroy();
      throw pinMismatch(this.#host, presented, this.#trust.pins);
    }
    observer.passed('pin', `the key of ${certificateText(pinned)} is pinned`);
  }
}

/** `sha256/` + base64 of the SHA-256 of a certificate's SubjectPublicKeyInfo, as in RFC 7469, section 2.4. */
export function spkiPin(certificate: X509Certificate): string {
  const spki = certificate.publicKey.export({ type: 'spki', format: 'der' });
  return `sha256/${createHash('sha256').update(spki).digest('base64')}`;
}

/**
 * The certificates with a pinned key among the leaf and the authorities that it chains to by signatures within what
 * was presented, in whatever order and among whatever else.
 */
export function pinnedCertificates(
  presented: readonly X509Certificate[],
  pins: readonly string[],
): X509Certificate[] {
  const [leaf, ...others] = presented;
  if (leaf === undefined) return [];
  const chained = new Set([leaf]);
  // A Set's iteration also visits what is added on the way.
  for (const certificate of chained) {
    for (const other of others) if (hasIssued(other, certificate)) chained.add(other);
  }
  return [...chained].filter((certificate) => hasPinnedKey(certificate, pins));
}

function hasIssued(issuer: X509Certificate, subject: X509Certificate): boolean {
  try {
    return issuer.ca && subject.checkIssued(issuer) && subject.verify(issuer.publicKey);
  } catch {
    // A kind of key that OpenSSL cannot use vouches for nobody.
    return false;
  }
}

function hasPinnedKey(certificate: X509Certificate, pins: readonly string[]): boolean {
  try {
    return pins.includes(spkiPin(certificate));
  } catch {
    return false;
  }
}

/** In the order of the handshake, leaf first. */
function presentedCertificates(socket: TLSSocket): X509Certificate[] {
  const presented: X509Certificate[] = [];
  let next = socket.getPeerX509Certificate();
  // From a live handshake `issuerCertificate` is simply the next one presented, whoever issued it.
  for (; next !== undefined && presented.length < presentedCertificatesMax; next = next.issuerCertificate) {
    presented.push(next);
  }
  return presented;
}

/** As many as fit into a line of the log. */
const presentedShownMax = 4;

function pinMismatch(
  host: string,
  presented: readonly X509Certificate[],
  pins: readonly string[],
): TransportError {
  const isThere = presented.some((certificate) => hasPinnedKey(certificate, pins));
  const why = isThere
    ? 'its certificate was not issued by the pinned authority that it shows beside it. Somebody may be in between.'
    : `no certificate that it presents (${presented.slice(0, presentedShownMax).map(certificateText).join('; ')}) has a pinned key.`;
  return new TransportError('tls_pin_mismatch', `${host} is not the cloud that was pinned: ${why}`);
}

import type { X509Certificate } from 'node:crypto';
import { isIP, type Socket } from 'node:net';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { type TimeSource, toRfc3339 } from '@edgeflow/platform';
import { type LoadValidation, vouchWithoutClock } from './clockless-trust.ts';
import { withDeadline } from './deadline.ts';
import type { ConnectObserver } from './dial.ts';
import { pinMismatch, pinnedCertificates, presentedCertificates } from './pins.ts';
import { type PlausibleTimes, plausibleTimes, type TimeKnowledge } from './plausible-time.ts';
import { whenReady } from './socket.ts';
import type { TlsTrust } from './tls-trust.ts';
import { certificateText, dateVerdict, isVerificationFailure, tlsFailure } from './tls-failure.ts';
import { TransportError } from './transport.ts';

export interface CloudTlsDeps {
  readonly time: TimeSource;
  readonly handshakeMs: number;
  readonly knowledge: TimeKnowledge;
  /** The part that judges without a clock, where another than the agent's own is wanted. */
  readonly loadValidation?: LoadValidation | undefined;
}

interface Connected {
  readonly socket: TLSSocket;
  /** The time the certificates were judged for, epoch ms, where it was not the present one. */
  readonly judgedAtMs?: number;
}

/** Opens a stream to the cloud on which nothing has been said. Called once for each handshake. */
export type OpenStream = (signal: AbortSignal) => Promise<Socket>;

/**
 * Decides whom to trust; no other file does.
 *
 * Every socket that {@link secure} resolves with keeps these promises:
 *
 * 1. OpenSSL has verified this very handshake, TLS 1.2 or later, with `rejectUnauthorized`: signatures from the leaf up
 *    to an anchor, validity now, CA flags, path lengths, purpose; and Node the host name. No session was resumed. Or,
 *    where OpenSSL had nothing but dates to say against it and this device's clock cannot be relied on
 *    (plausible-time.ts), clockless-trust.ts has verified the same of this very handshake for a time that can be.
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
 * A date error is OpenSSL's last word, not its only one: it hides an untrusted root, and Node then never compares the
 * name. So nothing that OpenSSL has refused is used: the validation without a clock has a handshake of its own and
 * judges all of it.
 *
 * With pins alone it is the public key that is trusted, not the certificate around it. Nobody verifies the signature on
 * an anchor, so anybody can put that public key into a certificate of their own, with other dates, path length and name
 * constraints, and present it as the anchor: those of a pinned authority bind nobody. What still binds is the leaf: it
 * has to be signed by the pinned key, valid and named for this cloud, and its private key has to be at hand. A CA file
 * fixes the certificate itself, and there all of it binds.
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
    // Several connections may be needed, and each of them may fail before TLS is spoken.
    const opened: OpenStream = async (bounded) => {
      const raw = await open(bounded);
      observer.started('tls');
      return raw;
    };
    const { socket, judgedAtMs } = await this.#connected(opened, signal);
    const leaf = certificateText(socket.getPeerX509Certificate());
    const clockless =
      judgedAtMs === undefined
        ? ''
        : `; the clock of this device cannot be right, so it was judged for ${toRfc3339(judgedAtMs)} or later`;
    observer.passed('tls', `${socket.getProtocol() ?? 'TLS'}, ${leaf}${clockless}`);
    if (this.#trust.pins.length > 0) this.#requirePin(socket, observer);
    return socket;
  }

  async #connected(open: OpenStream, signal: AbortSignal): Promise<Connected> {
    try {
      const socket = await this.#trusted(open, signal);
      this.#requireNotLongExpired(socket);
      return { socket };
    } catch (error) {
      if (!isVerificationFailure(error)) throw error;
      const times = await this.#timesInstead(error);
      if (times !== undefined) return this.#trustedWithoutClock(open, times, signal);
      // The refused connection is gone with its certificates; a look tells what to write about them.
      const presented = await this.#look(open, signal).catch(() => []);
      throw tlsFailure(error.cause, this.#host, { presented, nowMs: this.#deps.time.clock.now() });
    }
  }

  /**
   * A clock that was turned back must not bring an old certificate to life. The release is beyond doubt; what a cloud
   * has told counts where the clock lies before it, and so is wrong.
   */
  #requireNotLongExpired(socket: TLSSocket): void {
    const { knowledge, time } = this.#deps;
    const { releasedMs, floorMs } = knowledge;
    const earliestMs = time.clock.now() < floorMs ? floorMs : releasedMs;
    const leaf = socket.getPeerX509Certificate();
    // A date that cannot be read is not later than anything.
    if (leaf === undefined || leaf.validToDate.getTime() >= earliestMs) return;
    socket.destroy();
    const expired = Object.assign(new Error('expired before the least that the time can be'), {
      code: 'CERT_HAS_EXPIRED',
    });
    throw tlsFailure(expired, this.#host);
  }

  /** When to judge the certificates instead of now; undefined when OpenSSL's refusal stands. */
  async #timesInstead(refusal: TransportError): Promise<PlausibleTimes | undefined> {
    const verdict = dateVerdict(refusal.cause);
    if (verdict === undefined) return undefined;
    const { time, knowledge } = this.#deps;
    const state = await knowledge.clockState();
    return plausibleTimes(verdict, { nowMs: time.clock.now(), state }, knowledge.floorMs);
  }

  /** A handshake of which OpenSSL has judged nothing, and all that it judges has been judged elsewhere. */
  async #trustedWithoutClock(
    open: OpenStream,
    times: PlausibleTimes,
    signal: AbortSignal,
  ): Promise<Connected> {
    const socket = await this.#unverified(open, signal);
    try {
      const presented = presentedCertificates(socket);
      const judgedAtMs = await vouchWithoutClock({
        host: this.#host,
        trust: this.#trust,
        presented,
        peer: socket.getPeerCertificate(),
        times,
        nowMs: this.#deps.time.clock.now(),
        load: this.#deps.loadValidation,
      });
      signal.throwIfAborted();
      return { socket, judgedAtMs };
    } catch (error) {
      socket.destroy();
      throw error;
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
    const socket = await this.#unverified(open, signal);
    const presented = presentedCertificates(socket);
    socket.destroy();
    return presented;
  }

  /** A handshake that proves only that the other end has the key of the leaf it presents. Not to be written to. */
  async #unverified(open: OpenStream, signal: AbortSignal): Promise<TLSSocket> {
    const raw = await open(signal);
    try {
      return await this.#handshake(raw, { rejectUnauthorized: false }, signal);
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

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { type Clock, fileErrorCode, writeAtomically } from '@edgeflow/platform';
import { SettingError } from '../config/problem.ts';
import { issueCa, issueLeaf, type Issuing, makePrivateKey } from './issue.ts';
import type { CertificateName } from './names.ts';
import type { CertificateOptions } from './source.ts';

const secretMode = 0o600;
const publicMode = 0o644;
const folderMode = 0o700;
const fileBytesMax = 64 * 1024;

export interface DevelopmentOptions extends CertificateOptions {
  /** The folder `tls` is made in it. */
  readonly dataFolder: string;
  /** What the certificate must be good for, now. */
  readonly names: () => CertificateName[];
}

export interface Issued {
  readonly caPem: string;
  readonly leafPem: string;
  readonly leafKeyPem: string;
}

/**
 * `tls/ca.key, ca.pem, server.key, server.pem`. Every key is durable before anything is signed with it, and each step
 * finds out for itself what is missing, so a crash between any two is repaired by the next start.
 */
export class DevelopmentFolder {
  readonly caFile: string;
  readonly #path: string;
  readonly #options: DevelopmentOptions;

  constructor(options: DevelopmentOptions) {
    this.#options = options;
    this.#path = join(options.dataFolder, 'tls');
    this.caFile = join(this.#path, 'ca.pem');
  }

  /** Makes what is missing, renews what has run down, and leaves the rest alone. */
  async bringUpToDate(): Promise<Issued> {
    const { clock, files, names } = this.#options;
    try {
      await files.makeFolder(this.#path, folderMode);
      const caKeyPem = await this.#caKey();
      const caPem = await this.#certificate(
        'ca.pem',
        (certificate) => caStands(certificate, caKeyPem, clock),
        () => issueCa(caKeyPem, this.#issuing()),
      );
      const leafKeyPem = await this.#leafKey();
      const wanted = names();
      const leafPem = await this.#certificate(
        'server.pem',
        (certificate) => leafStands(certificate, leafKeyPem, new X509Certificate(caPem), wanted, clock),
        () => issueLeaf({ keyPem: caKeyPem, certificatePem: caPem }, leafKeyPem, wanted, this.#issuing()),
      );
      return { caPem, leafPem, leafKeyPem };
    } catch (error) {
      if (error instanceof SettingError) throw error;
      throw this.#refusal(
        `cannot be used (${fileErrorCode(error) ?? 'unknown cause'})`,
        'Make it writable for this user, with free space, or set TLS_CERT_FILE and TLS_KEY_FILE.',
        error,
      );
    }
  }

  #issuing(): Issuing {
    return { nowMs: this.#options.clock.now(), random: this.#options.random };
  }

  /** Never replaced while there is a certificate of it: every device that pins or trusts the CA would be lost. */
  async #caKey(): Promise<string> {
    const kept = await this.#read('ca.key');
    if (kept !== undefined && isUsableKey(kept)) return kept;
    if (kept === undefined && (await this.#read('ca.pem')) === undefined) return this.#makeKey('ca.key');
    throw this.#refusal(
      `lacks the key of its CA: ca.key is ${kept === undefined ? 'missing' : 'damaged'}`,
      'Restore ca.key from the backup. Or delete the folder for a new CA: devices then need its new certificate or pin.',
    );
  }

  /** Nobody pins this one, so a damaged key is simply made anew. */
  async #leafKey(): Promise<string> {
    const kept = await this.#read('server.key');
    return kept !== undefined && isUsableKey(kept) ? kept : this.#makeKey('server.key');
  }

  async #makeKey(name: string): Promise<string> {
    const pem = makePrivateKey();
    await this.#write(name, pem, secretMode);
    return pem;
  }

  /** The certificate in the file if it stands, else a fresh one. */
  async #certificate(
    name: string,
    stands: (certificate: X509Certificate) => boolean,
    issue: () => Promise<string>,
  ): Promise<string> {
    const kept = await this.#read(name);
    const certificate = kept === undefined ? undefined : readCertificate(kept);
    if (kept !== undefined && certificate !== undefined && stands(certificate)) return kept;
    const fresh = await issue();
    await this.#write(name, fresh, publicMode);
    return fresh;
  }

  async #read(name: string): Promise<string | undefined> {
    const path = join(this.#path, name);
    const { files } = this.#options;
    if ((await files.stat(path)) === undefined) return undefined;
    return Buffer.from(await files.read(path, fileBytesMax)).toString('utf8');
  }

  async #write(name: string, pem: string, mode: number): Promise<void> {
    await writeAtomically(this.#options.files, join(this.#path, name), Buffer.from(pem), mode);
  }

  #refusal(message: string, nextStep: string, cause?: unknown): SettingError {
    const problem = { setting: this.#path, message, nextStep };
    return new SettingError([problem], cause === undefined ? {} : { cause });
  }
}

function caStands(ca: X509Certificate, keyPem: string, clock: Clock): boolean {
  return ca.ca && ca.checkPrivateKey(createPrivateKey(keyPem)) && hasLifeLeft(ca, clock);
}

function leafStands(
  leaf: X509Certificate,
  keyPem: string,
  ca: X509Certificate,
  names: readonly CertificateName[],
  clock: Clock,
): boolean {
  return (
    hasLifeLeft(leaf, clock) &&
    leaf.checkPrivateKey(createPrivateKey(keyPem)) &&
    leaf.checkIssued(ca) &&
    leaf.verify(ca.publicKey) &&
    names.every(({ value }) => covers(leaf, value))
  );
}

/** More than a third of it, and begun: a clock that was set back must not leave a certificate from the future. */
function hasLifeLeft(certificate: X509Certificate, clock: Clock): boolean {
  const fromMs = certificate.validFromDate.getTime();
  const toMs = certificate.validToDate.getTime();
  const nowMs = clock.now();
  return nowMs >= fromMs && toMs - nowMs > (toMs - fromMs) / 3;
}

function covers(certificate: X509Certificate, name: string): boolean {
  const found = isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name);
  return found !== undefined;
}

function isUsableKey(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyType === 'ec';
  } catch {
    return false;
  }
}

function readCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

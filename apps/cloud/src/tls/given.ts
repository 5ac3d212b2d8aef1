import { createPrivateKey, type X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { fileErrorCode, type Files } from '@edgeflow/platform';
import { SettingError, type SettingProblem } from '../config/problem.ts';
import { pinsOf, readChain } from './pins.ts';
import { type CertificateOptions, type CertificateSource, secureContext } from './source.ts';
import { Watchers } from './watchers.ts';

/** How often the files are looked at. Their content is compared, so it does not matter how they were replaced. */
const lookMs = 5000;
const fileBytesMax = 256 * 1024;
/** A certificate with less left is announced as expiring. */
const expiringMs = 14 * 24 * 3600 * 1000;

/** The paths of `TLS_CERT_FILE` and `TLS_KEY_FILE`. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

interface Pair {
  readonly certificatePem: string;
  readonly keyPem: string;
  readonly chain: readonly [X509Certificate, ...X509Certificate[]];
}

/** What was found, good or bad, and the text that tells one finding from the next. */
type Finding =
  | { readonly ok: true; readonly content: string; readonly pair: Pair }
  | { readonly ok: false; readonly content: string; readonly problem: SettingProblem };

/**
 * A certificate that somebody else keeps fresh. A pair that does not work is refused and the one before it stays in
 * use; it is reported once, and only when it is still there at the next look, because the two files are rarely
 * replaced in the same instant.
 *
 * @throws SettingError when the files do not hold a working pair at the start.
 */
export async function openGivenCertificate(
  paths: CertificateFiles,
  options: CertificateOptions,
): Promise<CertificateSource> {
  const { files, logger, timers } = options;
  const first = await look(files, paths);
  if (!first.ok) throw new SettingError([first.problem]);
  let current = first;
  let pins = pinsOf(current.pair.chain);
  let suspect = '';
  let reported = '';
  announceExpiry(first.pair, options);

  function take(next: Extract<Finding, { ok: true }>): void {
    current = next;
    pins = pinsOf(next.pair.chain);
    logger.info({ validTo: next.pair.chain[0].validTo }, 'the certificate files changed and are in use');
    announceExpiry(next.pair, options);
  }

  const watchers = new Watchers(timers, lookMs, async () => {
    const next = await look(files, paths);
    if (next.content === current.content) {
      suspect = '';
    } else if (next.ok) {
      take(next);
      return true;
    } else if (next.content !== suspect) {
      suspect = next.content;
    } else if (next.content !== reported) {
      reported = next.content;
      const { message, setting } = next.problem;
      logger.error({ setting }, `${setting}: ${message}; the certificate before it stays in use`);
    }
    return false;
  });

  return {
    secureContextOptions: () => secureContext(current.pair.certificatePem, current.pair.keyPem),
    caPem: undefined,
    caFile: undefined,
    get pins() {
      return pins;
    },
    watch: (onChange) => watchers.add(onChange),
  };
}

async function look(files: Files, paths: CertificateFiles): Promise<Finding> {
  const certificate = await readText(files, paths.certificate);
  const key = await readText(files, paths.key);
  const content = `${certificate.text ?? certificate.problem}\0${key.text ?? key.problem}`;
  if (certificate.text === undefined) return bad(content, 'TLS_CERT_FILE', certificate.problem);
  if (key.text === undefined) return bad(content, 'TLS_KEY_FILE', key.problem);
  let chain: Pair['chain'];
  try {
    chain = readChain(certificate.text);
  } catch {
    return bad(content, 'TLS_CERT_FILE', `${paths.certificate} holds no readable PEM certificate`);
  }
  try {
    if (!chain[0].checkPrivateKey(createPrivateKey(key.text))) {
      return bad(
        content,
        'TLS_KEY_FILE',
        `${paths.key} is not the key of the first certificate in TLS_CERT_FILE`,
      );
    }
    createSecureContext(secureContext(certificate.text, key.text));
  } catch {
    return bad(
      content,
      'TLS_KEY_FILE',
      `${paths.key} holds no PEM private key that can be used without a password`,
    );
  }
  return { ok: true, content, pair: { certificatePem: certificate.text, keyPem: key.text, chain } };
}

type Reading =
  | { readonly text: string; readonly problem?: undefined }
  | { readonly text?: undefined; readonly problem: string };

async function readText(files: Files, path: string): Promise<Reading> {
  try {
    return { text: Buffer.from(await files.read(path, fileBytesMax)).toString('utf8') };
  } catch (error) {
    return { problem: `${path} cannot be read (${fileErrorCode(error) ?? 'unknown cause'})` };
  }
}

function bad(content: string, setting: string, message: string): Finding {
  const nextStep =
    'Correct the two files; TLS_CERT_FILE holds the chain, leaf first, and TLS_KEY_FILE its key.';
  return { ok: false, content, problem: { setting, message, nextStep } };
}

function announceExpiry(pair: Pair, { clock, logger }: CertificateOptions): void {
  const [{ validTo, validToDate }] = pair.chain;
  const leftMs = validToDate.getTime() - clock.now();
  if (leftMs <= 0)
    logger.error({ validTo }, 'the certificate in TLS_CERT_FILE has expired: devices will refuse it');
  else if (leftMs < expiringMs) logger.warn({ validTo }, 'the certificate in TLS_CERT_FILE expires soon');
}

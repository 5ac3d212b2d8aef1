import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { Files } from '@edgeflow/platform';
import { bad, good, type Reading, type SettingProblem } from './problem.ts';
import { readApiKey, type SettingName } from './schema.ts';
import { readTextFile } from './text-file.ts';

/** Largest file with a code or a key, in bytes. */
const secretFileBytesMax = 4 * 1024;
/** Largest file of certificates: room for a whole bundle of public roots, in bytes. */
const pemFileBytesMax = 1024 * 1024;

export type SettingFileReading<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: SettingProblem };

/** One line of text, trimmed: a code. */
export function readLineFile(
  files: Files,
  name: SettingName,
  path: string,
): Promise<SettingFileReading<string>> {
  return readWith(files, name, path, secretFileBytesMax, (text) => {
    const line = text.trim();
    if (line === '') return bad(`${path} is empty`, 'Write the value into it, or remove the setting.');
    return /[\r\n]/.test(line)
      ? bad(`${path} holds several lines`, 'Leave only the value in it.')
      : good(line);
  });
}

export function readKeyFile(
  files: Files,
  name: SettingName,
  path: string,
): Promise<SettingFileReading<string>> {
  return readWith(files, name, path, secretFileBytesMax, (text) => {
    if (text.trim() === '') return bad(`${path} is empty`, 'Write the key into it, or remove the setting.');
    const reading = readApiKey(text.trim());
    return reading.ok ? reading : bad(`what ${path} holds ${reading.problem}`, reading.nextStep);
  });
}

/** PEM with at least one certificate, every one of which can be read. */
export function readCertificateFile(
  files: Files,
  name: SettingName,
  path: string,
): Promise<SettingFileReading<string>> {
  return readWith(files, name, path, pemFileBytesMax, (text) => {
    const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
    const nextStep =
      'Name a PEM file with the line -----BEGIN CERTIFICATE-----, such as the ca.pem of the cloud.';
    if (blocks.length === 0) return bad(`${path} holds no certificate`, nextStep);
    try {
      for (const block of blocks) new X509Certificate(block);
      return good(text);
    } catch {
      return bad(`${path} holds a certificate that cannot be read`, nextStep);
    }
  });
}

/** The key that belongs to a certificate, PEM, without a passphrase. */
export function readPrivateKeyFile(
  files: Files,
  name: SettingName,
  path: string,
  certificatePem: string,
): Promise<SettingFileReading<string>> {
  return readWith(files, name, path, pemFileBytesMax, (text) => {
    try {
      createSecureContext({ cert: certificatePem, key: text });
      return good(text);
    } catch {
      return bad(
        `${path} holds no private key that fits the certificate`,
        'Name the PEM file with the private key, without a passphrase, that was made together with the certificate.',
      );
    }
  });
}

async function readWith<T>(
  files: Files,
  name: SettingName,
  path: string,
  bytesMax: number,
  read: (text: string) => Reading<T>,
): Promise<SettingFileReading<T>> {
  const file = await readTextFile(files, path, bytesMax);
  const reading = file.ok ? read(file.value) : file;
  if (reading.ok) return reading;
  const { problem, nextStep } = reading;
  return { ok: false, problem: { setting: name, message: `${name}: ${problem}.`, nextStep } };
}

import { resolve } from 'node:path';
import { fileErrorCode, type Files } from '@edgeflow/platform';
import * as z from 'zod';
import { type CliFailure, usageFailure } from './failure.ts';

/** Where the cloud is and who calls. */
export interface Settings {
  /** Without a slash at its end. */
  readonly url: URL;
  /** An operator's token; undefined where none was given, which a few calls allow. */
  readonly token: string | undefined;
  /** PEM. The only authorities trusted, when given; else those of Node.js. */
  readonly caPem: string | undefined;
  /** `HTTPS_PROXY`, `NO_PROXY` and their lower-case forms. */
  readonly proxyEnv: Readonly<Record<string, string>>;
}

/** The flags that say the same as the environment; a flag wins. */
export interface SettingsFlags {
  readonly url?: string | undefined;
  readonly tokenFile?: string | undefined;
  readonly caFile?: string | undefined;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Largest token or CA file read, in bytes. */
const fileBytesMax = 1024 * 1024;

/** An empty variable is one that is not set. */
const variable = z
  .string()
  .transform((text) => (text === '' ? undefined : text))
  .optional();
const environmentSchema = z.object({
  EDGEFLOW_URL: variable,
  EDGEFLOW_TOKEN: variable,
  EDGEFLOW_TOKEN_FILE: variable,
  EDGEFLOW_CA_FILE: variable,
});

/** @throws CliFailure that names the setting which is wrong. */
export async function readSettings(
  flags: SettingsFlags,
  environment: Environment,
  files: Files,
  workingFolder: string,
): Promise<Settings> {
  const env = environmentSchema.parse(environment);
  const read = (path: string, setting: string): Promise<string> =>
    readText(files, resolve(workingFolder, path), setting);
  const caFile = pick(flags.caFile, '--ca-file', env.EDGEFLOW_CA_FILE, 'EDGEFLOW_CA_FILE');
  return {
    url: parseUrl(pick(flags.url, '--url', env.EDGEFLOW_URL, 'EDGEFLOW_URL')),
    token: await readToken(flags.tokenFile, env, read),
    caPem: caFile === undefined ? undefined : parseCa(await read(caFile.value, caFile.setting), caFile),
    proxyEnv: proxySettings(environment),
  };
}

interface Given {
  readonly value: string;
  /** The flag or variable it came from, for messages. */
  readonly setting: string;
}

function pick(
  flag: string | undefined,
  flagName: string,
  value: string | undefined,
  name: string,
): Given | undefined {
  if (flag !== undefined) return { value: flag, setting: flagName };
  return value === undefined ? undefined : { value, setting: name };
}

function parseUrl(given: Given | undefined): URL {
  const example = 'for example https://cloud.example:8443';
  if (given === undefined) {
    throw usageFailure('There is no address of the cloud', `Set EDGEFLOW_URL or give --url, ${example}.`);
  }
  const { value, setting } = given;
  const text = value.includes('://') ? value : `https://${value}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['https:', 'http:'].includes(url.protocol)) {
    throw usageFailure(
      `${setting} is not an address`,
      `Give a host, host:port or https:// address, ${example}.`,
    );
  }
  // Not repeated in the message: what stands before the @ is a password.
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw usageFailure(`${setting} holds more than an address`, `Give the address alone, ${example}.`);
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw usageFailure(
      `${setting} would send the token over the network unencrypted`,
      'Use https:// for every host but this one (127.0.0.1, localhost).',
    );
  }
  url.pathname = url.pathname.replace(/\/+$/, '');
  return url;
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}

async function readToken(
  flag: string | undefined,
  env: z.output<typeof environmentSchema>,
  read: (path: string, setting: string) => Promise<string>,
): Promise<string | undefined> {
  if (flag === undefined && env.EDGEFLOW_TOKEN !== undefined) {
    if (env.EDGEFLOW_TOKEN_FILE !== undefined) {
      throw usageFailure('EDGEFLOW_TOKEN and EDGEFLOW_TOKEN_FILE are both set', 'Unset one of the two.');
    }
    return checkToken(env.EDGEFLOW_TOKEN, 'EDGEFLOW_TOKEN');
  }
  const file = pick(flag, '--token-file', env.EDGEFLOW_TOKEN_FILE, 'EDGEFLOW_TOKEN_FILE');
  return file === undefined
    ? undefined
    : checkToken((await read(file.value, file.setting)).trim(), `The file in ${file.setting}`);
}

function checkToken(token: string, where: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw usageFailure(
    token === '' ? `${where} is empty` : `${where} holds something other than one token`,
    'Put the token there and nothing else: visible ASCII characters on one line.',
  );
}

function parseCa(pem: string, { setting }: Given): string {
  if (pem.includes('-----BEGIN CERTIFICATE-----')) return pem;
  throw usageFailure(
    `The file in ${setting} holds no certificate`,
    'Give a PEM file, such as the one that the cloud serves at /ca.pem.',
  );
}

async function readText(files: Files, path: string, setting: string): Promise<string> {
  try {
    return new TextDecoder().decode(await files.read(path, fileBytesMax));
  } catch (error) {
    throw unreadable(setting, path, error);
  }
}

function unreadable(setting: string, path: string, error: unknown): CliFailure {
  const code = fileErrorCode(error) ?? 'unknown error';
  return usageFailure(
    `The file in ${setting} cannot be read: ${path} (${code})`,
    'Check its path and permissions.',
  );
}

function proxySettings(environment: Environment): Record<string, string> {
  const names = ['HTTPS_PROXY', 'https_proxy', 'NO_PROXY', 'no_proxy'];
  const set = names.map((name) => [name, environment[name] ?? ''] as const);
  return Object.fromEntries(set.filter(([, value]) => value !== ''));
}

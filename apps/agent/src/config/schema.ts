import { isMasked, isSpkiPin } from '@edgeflow/contract';
import { type LogLevel, logLevels } from '../logging.ts';
import { type HttpProxy, readProxy } from '../net/index.ts';
import { bad, good, type Reading } from './problem.ts';

/**
 * Every setting of the agent, as text. Source: the wire contract, section 5, which this extends by
 * `EDGEFLOW_VAULT_KEY_FILE` (a key for the vault, see identity/) and `EDGEFLOW_SERVER_TLS_CERT_FILE`,
 * `EDGEFLOW_SERVER_TLS_KEY_FILE` (PEM; without them the local API stays on loopback).
 */
const readers = {
  EDGEFLOW_ENV_FILE: readPath,
  EDGEFLOW_SAAS_ENABLED: readFlag,
  EDGEFLOW_SAAS_URL: good<string>,
  EDGEFLOW_SAAS_TLS: readFlag,
  EDGEFLOW_SAAS_CA_FILE: readPath,
  EDGEFLOW_SAAS_TLS_PIN: readPins,
  EDGEFLOW_PROVISIONING_CODE: good<string>,
  EDGEFLOW_PROVISIONING_CODE_FILE: readPath,
  EDGEFLOW_PROVISIONING_LINK: good<string>,
  EDGEFLOW_DEVICE_ID: (text: string) => readOpaque(text, deviceIdLengthMax),
  EDGEFLOW_API_KEY: readApiKey,
  EDGEFLOW_API_KEY_FILE: readPath,
  EDGEFLOW_STATE_DIR: readPath,
  EDGEFLOW_VAULT_KEY_FILE: readPath,
  EDGEFLOW_SERVER_HOST: readServerHost,
  EDGEFLOW_SERVER_PORT: readPort,
  EDGEFLOW_SERVER_TOKEN: (text: string) => readOpaque(text, apiKeyLengthMax),
  EDGEFLOW_SERVER_TLS_CERT_FILE: readPath,
  EDGEFLOW_SERVER_TLS_KEY_FILE: readPath,
  EDGEFLOW_LOG_LEVEL: readLogLevel,
  HTTPS_PROXY: readProxySetting,
  NO_PROXY: good<string>,
} satisfies Readonly<Record<string, (text: string) => Reading<unknown>>>;

export type SettingName = keyof typeof readers;
export type Settings = {
  readonly [Name in SettingName]: Extract<ReturnType<(typeof readers)[Name]>, { ok: true }>['value'];
};

export const settingNames = Object.keys(readers) as readonly SettingName[];

/** What a setting says; spaces around it count for nothing. */
export function readSetting(name: SettingName, text: string): Reading<unknown> {
  return readers[name](text.trim());
}

/** Settings whose values open something. */
export const secretSettings: readonly SettingName[] = [
  'EDGEFLOW_PROVISIONING_CODE',
  'EDGEFLOW_PROVISIONING_LINK',
  'EDGEFLOW_API_KEY',
  'EDGEFLOW_SERVER_TOKEN',
];

const deviceIdLengthMax = 256;
const apiKeyLengthMax = 512;
const pinsMax = 16;

/** A key, as a setting or as the content of a file. A device takes it as opaque text. */
export function readApiKey(value: string): Reading<string> {
  if (isMasked(value)) {
    return bad(
      'is the masked form that is shown to people',
      'Set the whole key, or make a new code for the device.',
    );
  }
  return readOpaque(value, apiKeyLengthMax);
}

function readOpaque(value: string, lengthMax: number): Reading<string> {
  if (/^[\x21-\x7e]+$/.test(value) && value.length <= lengthMax) return good(value);
  const problem = `must be 1 to ${String(lengthMax)} visible ASCII characters, without spaces`;
  return bad(problem, 'Copy it again from where it was issued.');
}

function readPath(value: string): Reading<string> {
  return value.includes('\0') ? bad('is no path', 'Write the path of a file or folder.') : good(value);
}

function readProxySetting(value: string): Reading<HttpProxy> {
  const reading = readProxy(value);
  return reading.ok ? good(reading.proxy) : reading;
}

function readFlag(value: string): Reading<boolean> {
  const word = value.toLowerCase();
  if (['true', '1', 'yes', 'on'].includes(word)) return good(true);
  if (['false', '0', 'no', 'off'].includes(word)) return good(false);
  return bad('is neither true nor false', 'Write true or false.');
}

function readPins(value: string): Reading<readonly string[]> {
  const pins = value.split(/[\s,]+/).filter((pin) => pin !== '');
  if (pins.length > 0 && pins.length <= pinsMax && pins.every(isSpkiPin)) return good(pins);
  return bad(
    'holds something that is no pin',
    'A pin is sha256/ and 44 characters of base64 that end in =, as the cloud prints it; put commas between several.',
  );
}

function readPort(value: string): Reading<number> {
  const port = /^\d{1,5}$/.test(value) ? Number(value) : Number.NaN;
  return port <= 65_535
    ? good(port)
    : bad('is no port', 'Write a number from 1 to 65535, or 0 for any free port.');
}

function readServerHost(value: string): Reading<string> {
  const host = value.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  return /^[0-9a-z.:_-]+$/.test(host) && !/^[^:]+:\d+$/.test(host)
    ? good(host)
    : bad('is neither an address nor a name', 'Write 127.0.0.1; the port belongs into EDGEFLOW_SERVER_PORT.');
}

function readLogLevel(value: string): Reading<LogLevel> {
  const word = value.toLowerCase() === 'warning' ? 'warn' : value.toLowerCase();
  const level = logLevels.find((known) => known === word);
  return level === undefined ? bad('is no log level', `Write one of ${logLevels.join(', ')}.`) : good(level);
}

import { isIP } from 'node:net';
import type { Files } from '@edgeflow/platform';
import { isLoopbackHost } from '../net/index.ts';
import { type ConfigContext, contentOf, isGiven, reportMissing } from './context.ts';
import type { SettingName } from './schema.ts';
import { readCertificateFile, readPrivateKeyFile } from './setting-files.ts';

/** Where the local API listens. */
export interface ServerConfig {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Replaces the token in the state folder. */
  readonly token: string | undefined;
  readonly tls: { readonly certificatePem: string; readonly keyPem: string } | undefined;
}

const hostDefault = '127.0.0.1';
const portDefault = 8080;

/** Where it listens unless a setting says otherwise. */
export const serverDefault: ServerConfig = {
  host: hostDefault,
  port: portDefault,
  token: undefined,
  tls: undefined,
};

/** A token that people made up and that is shorter can be guessed. The agent's own has 43 characters. */
const tokenLengthMin = 16;

export function isTokenShort({ token }: Pick<ServerConfig, 'token'>): boolean {
  return token !== undefined && token.length < tokenLengthMin;
}

export async function readServer(context: ConfigContext): Promise<ServerConfig> {
  const { settings } = context;
  const server: ServerConfig = {
    host: settings.EDGEFLOW_SERVER_HOST ?? hostDefault,
    port: settings.EDGEFLOW_SERVER_PORT ?? portDefault,
    token: settings.EDGEFLOW_SERVER_TOKEN,
    tls: await readServerTls(context),
  };
  judgeToken(context, server);
  judgeHost(context, server);
  return server;
}

/**
 * On loopback a short one keeps nobody out who could not do worse; elsewhere it is all that keeps others out, so the
 * local API stays closed there. No more than a warning: a device in the field onboards all the same, and what address a
 * name stands for is known only when it listens.
 */
function judgeToken({ warnings }: ConfigContext, server: ServerConfig): void {
  if (!isTokenShort(server)) return;
  const message = `EDGEFLOW_SERVER_TOKEN is shorter than ${String(tokenLengthMin)} characters and may be guessed`;
  warnings.push({
    setting: 'EDGEFLOW_SERVER_TOKEN',
    message: `${message}${whatFollows(server.host)}.`,
    nextStep: 'Make a longer one (openssl rand -hex 16), or remove it: the agent makes its own.',
  });
}

function whatFollows(host: string): string {
  if (isLoopbackHost(host)) return '';
  if (isIP(host) !== 0) return `, so the local API will not listen on ${host}`;
  return `, so the local API will not listen on ${host} unless that is a loopback address of this device`;
}

/** Of a name it is known only when it listens. */
function judgeHost({ warnings }: ConfigContext, { host, tls }: ServerConfig): void {
  if (tls !== undefined || isIP(host) === 0 || isLoopbackHost(host)) return;
  warnings.push({
    setting: 'EDGEFLOW_SERVER_HOST',
    message: 'EDGEFLOW_SERVER_HOST opens the local API to other machines without TLS, so it will not listen.',
    nextStep:
      'Set EDGEFLOW_SERVER_TLS_CERT_FILE and EDGEFLOW_SERVER_TLS_KEY_FILE, or remove EDGEFLOW_SERVER_HOST.',
  });
}

async function readServerTls(context: ConfigContext): Promise<ServerConfig['tls']> {
  const certificate = 'EDGEFLOW_SERVER_TLS_CERT_FILE';
  const key = 'EDGEFLOW_SERVER_TLS_KEY_FILE';
  if (isGiven(context, certificate) && !isGiven(context, key)) reportMissing(context, certificate, key);
  if (isGiven(context, key) && !isGiven(context, certificate)) reportMissing(context, key, certificate);
  const certificatePem = await contentOf(context, certificate, readCertificateFile);
  if (certificatePem === undefined) return undefined;
  const readKey = (files: Files, name: SettingName, path: string) =>
    readPrivateKeyFile(files, name, path, certificatePem);
  const keyPem = await contentOf(context, key, readKey);
  return keyPem === undefined ? undefined : { certificatePem, keyPem };
}

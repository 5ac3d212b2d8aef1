import type { Files } from '@edgeflow/platform';
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

export async function readServer(context: ConfigContext): Promise<ServerConfig> {
  const { settings } = context;
  return {
    host: settings.EDGEFLOW_SERVER_HOST ?? hostDefault,
    port: settings.EDGEFLOW_SERVER_PORT ?? portDefault,
    token: settings.EDGEFLOW_SERVER_TOKEN,
    tls: await readServerTls(context),
  };
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

import { dirname, resolve } from 'node:path';
import type { Files } from '@edgeflow/platform';
import type { DatabaseSetting } from './config/database.ts';
import type { SettingProblem } from './config/problem.ts';
import {
  isLoopbackHost,
  settingExamples,
  type SettingName,
  settingNames,
  settingsSchema,
} from './config/schema.ts';
import type { Settings } from './config/schema.ts';
import type { Secret } from './config/secret.ts';
import { readSecretFiles, secretSettings } from './config/secret-files.ts';
import { nearestName } from './config/suggest.ts';
import type { NetworkSet } from './http/addresses.ts';
import type { LogLevel } from './logging.ts';

export { describeProblem, SettingError, type SettingProblem } from './config/problem.ts';
export { Secret } from './config/secret.ts';
export type { DatabaseSetting } from './config/database.ts';

const httpsPortDefault = 8443;
const httpPortDefault = 3000;

export interface ListenSetting {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** A port that was not given may move to the next free one. */
  readonly portGiven: boolean;
}

/** Everything the cloud was told, checked. All paths are absolute. */
export interface CloudConfig {
  readonly https: ListenSetting;
  /** Plain HTTP; undefined when `HTTP_PORT=off`. */
  readonly http: ListenSetting | undefined;
  readonly trustedProxies: NetworkSet;
  /** Beside the public internet, webhooks may be here. */
  readonly webhookNetworks: NetworkSet;
  /** Undefined: the cloud makes its own development CA in {@link dataFolder}. */
  readonly tlsFiles: { readonly certificate: string; readonly key: string } | undefined;
  /** Without a slash at its end; undefined: made from the address of the default route after listening. */
  readonly publicUrl: string | undefined;
  readonly database: DatabaseSetting;
  /** The folder of the embedded database; `data` in the working folder with PostgreSQL. */
  readonly dataFolder: string;
  /** The server key ring. */
  readonly secretFile: string;
  readonly bootstrapToken: Secret | undefined;
  readonly codeTtlSeconds: number;
  /** Undefined: two groups while few codes are live, else three. */
  readonly codeGroups: number | undefined;
  readonly keyTtlDays: number;
  /** Undefined: this cloud sends no e-mail. */
  readonly mail: { readonly url: Secret; readonly from: string } | undefined;
  readonly logLevel: LogLevel;
}

export interface ConfigSurroundings {
  readonly files: Files;
  /** Absolute; relative paths in settings start here. */
  readonly workingFolder: string;
}

export type ConfigReading =
  | { readonly ok: true; readonly config: CloudConfig }
  /** Every problem there is, not only the first. */
  | { readonly ok: false; readonly problems: readonly SettingProblem[] };

/** Reads the cloud's settings. An empty value counts as not given, as Compose files write it. */
export async function loadConfig(
  environment: Readonly<Record<string, string | undefined>>,
  surroundings: ConfigSurroundings,
): Promise<ConfigReading> {
  const given = new Map<string, string>();
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && value.trim() !== '') given.set(name, value.trim());
  }
  const resolvePath = (path: string): string => resolve(surroundings.workingFolder, path);
  const secrets = await readSecretFiles(given, surroundings.files, resolvePath);
  const values: Record<string, string> = { ...secrets.values };
  for (const name of settingNames) {
    const value = given.get(name);
    if (value !== undefined) values[name] = value;
  }
  const parsed = settingsSchema.safeParse(values);
  const problems = [
    ...unknownSettings(Object.keys(environment)),
    ...secrets.problems,
    ...(parsed.success ? [] : parsed.error.issues.map((issue) => valueProblem(issue.path[0], issue.message))),
    ...combinationProblems(values),
  ];
  if (!parsed.success || problems.length > 0) return { ok: false, problems };
  return { ok: true, config: arrange(parsed.data, resolvePath) };
}

function arrange(settings: Settings, resolvePath: (path: string) => string): CloudConfig {
  const database: DatabaseSetting =
    settings.DATABASE_URL.kind === 'sqlite'
      ? { kind: 'sqlite', path: resolvePath(settings.DATABASE_URL.path) }
      : settings.DATABASE_URL;
  const dataFolder = database.kind === 'sqlite' ? dirname(database.path) : resolvePath('data');
  const { TLS_CERT_FILE: certificate, TLS_KEY_FILE: key } = settings;
  return {
    https: listenSetting(settings.HOST, settings.PORT, httpsPortDefault),
    http:
      settings.HTTP_PORT === 'off'
        ? undefined
        : listenSetting(settings.HTTP_HOST, settings.HTTP_PORT, httpPortDefault),
    trustedProxies: settings.TRUSTED_PROXIES,
    webhookNetworks: settings.WEBHOOK_NETWORKS,
    tlsFiles:
      certificate === undefined || key === undefined
        ? undefined
        : { certificate: resolvePath(certificate), key: resolvePath(key) },
    publicUrl: settings.PUBLIC_URL,
    database,
    dataFolder,
    secretFile: resolvePath(settings.EDGEFLOW_CLOUD_SECRET_FILE ?? resolve(dataFolder, 'server-keys.json')),
    bootstrapToken: settings.EDGEFLOW_CLOUD_BOOTSTRAP_TOKEN,
    codeTtlSeconds: settings.CODE_TTL_SECONDS,
    codeGroups: settings.CODE_GROUPS,
    keyTtlDays: settings.KEY_TTL_DAYS,
    mail:
      settings.SMTP_URL === undefined || settings.MAIL_FROM === undefined
        ? undefined
        : { url: settings.SMTP_URL, from: settings.MAIL_FROM },
    logLevel: settings.LOG_LEVEL,
  };
}

function listenSetting(host: string, port: number | undefined, portDefault: number): ListenSetting {
  return { host, port: port ?? portDefault, portGiven: port !== undefined };
}

function valueProblem(setting: PropertyKey | undefined, message: string): SettingProblem {
  const name = String(setting) as SettingName;
  return { setting: name, message, nextStep: `${settingExamples[name]}, then start again.` };
}

/** Settings that are right alone and wrong together. Works on the texts, so that it adds to what else is wrong. */
function combinationProblems(values: Readonly<Record<string, string>>): SettingProblem[] {
  const problems: SettingProblem[] = [];
  for (const [one, other] of [
    ['TLS_CERT_FILE', 'TLS_KEY_FILE'],
    ['TLS_KEY_FILE', 'TLS_CERT_FILE'],
    ['SMTP_URL', 'MAIL_FROM'],
    ['MAIL_FROM', 'SMTP_URL'],
  ] as const) {
    if (values[one] === undefined || values[other] !== undefined) continue;
    problems.push(valueProblem(other, `is missing, though ${one} is set`));
  }
  const httpHost = values['HTTP_HOST'] ?? '127.0.0.1';
  if (
    values['HTTP_PORT'] !== 'off' &&
    !isLoopbackHost(httpHost) &&
    !/[^,\s]/.test(values['TRUSTED_PROXIES'] ?? '')
  ) {
    problems.push({
      setting: 'HTTP_HOST',
      message: `${httpHost} would serve plain HTTP, with every key readable, to other machines`,
      nextStep: 'Leave it at 127.0.0.1, or name the TLS-terminating proxies in TRUSTED_PROXIES.',
    });
  }
  const port = values['PORT'];
  if (port !== undefined && Number(port) !== 0 && port === values['HTTP_PORT']) {
    problems.push(valueProblem('HTTP_PORT', `is the same as PORT (${port})`));
  }
  if (/^postgres/.test(values['DATABASE_URL'] ?? '') && values['EDGEFLOW_CLOUD_SECRET_FILE'] === undefined) {
    const message = 'must be set with PostgreSQL: every node needs the same server keys';
    problems.push(valueProblem('EDGEFLOW_CLOUD_SECRET_FILE', message));
  }
  return problems;
}

const knownNames: readonly string[] = [...settingNames, ...secretSettings.map((name) => `${name}_FILE`)];
/** Of the operators' command line: on an operator's machine they may stand in the environment of both. */
const commandLineSettings: readonly string[] = [
  'EDGEFLOW_URL',
  'EDGEFLOW_TOKEN',
  'EDGEFLOW_TOKEN_FILE',
  'EDGEFLOW_CA_FILE',
];
const agentSetting =
  /^EDGEFLOW_(SAAS|PROVISIONING|SERVER)_|^EDGEFLOW_(DEVICE_ID|API_KEY|API_KEY_FILE|ENV_FILE|STATE_DIR)$/;

/** Everything that begins with EDGEFLOW_ is ours, so a name that is not known is a typing error. */
function unknownSettings(names: readonly string[]): SettingProblem[] {
  return names
    .filter((name) => name.startsWith('EDGEFLOW_') && !knownNames.includes(name))
    .filter((name) => !commandLineSettings.includes(name))
    .map((setting) => {
      if (agentSetting.test(setting)) {
        const message = 'is a setting of the device agent, not of the cloud';
        return { setting, message, nextStep: 'Unset it where the cloud is started.' };
      }
      const nearest = nearestName(setting, knownNames);
      const nextStep = nearest === undefined ? 'Unset it.' : `Did you mean ${nearest}?`;
      return { setting, message: 'is no setting that this version knows', nextStep };
    });
}

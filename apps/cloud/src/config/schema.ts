import { isIP } from 'node:net';
import { z } from 'zod';
import { codeGroupsMax, codeGroupsMin, codeTtlSecondsMax, codeTtlSecondsMin } from '@edgeflow/contract';
import { isLoopback, noNetworks, parseNetworks } from '../http/addresses.ts';
import { logLevels } from '../logging.ts';
import { withTimeouts } from '../mail/mailer.ts';
import { databaseSchema } from './database.ts';
import { Secret } from './secret.ts';

const bootstrapTokenLengthMin = 32;
const keyTtlDaysMax = 3650;

/**
 * The values of all settings but the names of secrets' files. Every message completes "NAME: …" and quotes the value
 * only where it cannot be a secret.
 */
export const settingsSchema = z.object({
  HOST: hostSchema().default('0.0.0.0'),
  PORT: integerSchema(0, 65_535).optional(),
  HTTP_HOST: hostSchema().default('127.0.0.1'),
  HTTP_PORT: z.union([z.literal('off'), integerSchema(0, 65_535)], { error: portOrOff }).optional(),
  TRUSTED_PROXIES: z.string().transform(readNetworks).default(noNetworks),
  WEBHOOK_NETWORKS: z.string().transform(readNetworks).default(noNetworks),
  TLS_CERT_FILE: z.string().optional(),
  TLS_KEY_FILE: z.string().optional(),
  PUBLIC_URL: z.string().transform(readPublicUrl).optional(),
  DATABASE_URL: databaseSchema,
  NATS_URL: z.never({ error: 'is not supported: this version of the cloud runs as one node' }).optional(),
  EDGEFLOW_CLOUD_SECRET_FILE: z.string().optional(),
  EDGEFLOW_CLOUD_BOOTSTRAP_TOKEN: z.string().transform(readBootstrapToken).optional(),
  CODE_TTL_SECONDS: integerSchema(codeTtlSecondsMin, codeTtlSecondsMax).default(86_400),
  CODE_GROUPS: integerSchema(codeGroupsMin, codeGroupsMax).optional(),
  KEY_TTL_DAYS: integerSchema(1, keyTtlDaysMax).default(365),
  SMTP_URL: z.string().transform(readSmtpUrl).optional(),
  MAIL_FROM: z
    .string()
    .refine(isSender, { error: quoting('must be an e-mail address') })
    .optional(),
  LOG_LEVEL: z.enum(logLevels, { error: quoting(`must be one of ${logLevels.join(', ')}`) }).default('info'),
});

export type Settings = z.infer<typeof settingsSchema>;
export type SettingName = keyof Settings;

/** What a person does about a wrong value, where "correct it" says too little. */
export const settingExamples: Readonly<Record<SettingName, string>> = {
  HOST: 'Set an address of this machine, such as 0.0.0.0 for all of them',
  PORT: 'Set a port such as 8443',
  HTTP_HOST: 'Set an address of this machine, such as 127.0.0.1',
  HTTP_PORT: 'Set a port such as 3000, or off',
  TRUSTED_PROXIES: 'List the addresses or networks of your proxies, such as 10.0.0.0/8,192.0.2.7',
  WEBHOOK_NETWORKS: 'List the private networks that webhooks may be in, such as 10.0.0.0/8',
  TLS_CERT_FILE: 'Set the path of a PEM file with the certificate chain',
  TLS_KEY_FILE: 'Set the path of a PEM file with the private key',
  PUBLIC_URL: 'Set the address that devices reach the cloud at, such as https://edgeflow.example:8443',
  DATABASE_URL: 'Set sqlite:./data/edgeflow.db or postgres://user:password@host/database',
  NATS_URL: 'Unset it and run one process; several nodes come in a later version',
  EDGEFLOW_CLOUD_SECRET_FILE: 'Set the path of the server key ring',
  EDGEFLOW_CLOUD_BOOTSTRAP_TOKEN: 'Set a random text, for instance from: openssl rand -base64 32',
  CODE_TTL_SECONDS: 'Set a number of seconds such as 86400',
  CODE_GROUPS: 'Set a number of groups such as 3',
  KEY_TTL_DAYS: 'Set a number of days such as 365',
  SMTP_URL: 'Set smtp://user:password@host:587, or smtps:// where TLS comes first',
  MAIL_FROM: 'Set the sender, such as EdgeFlow <edgeflow@example.org>',
  LOG_LEVEL: 'Set a level such as info',
};

export const settingNames = Object.keys(settingExamples) as SettingName[];

/** Whether a host to listen on is this machine alone. Of names, only `localhost` is. */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || isLoopback(host);
}

function quoting(message: string): (issue: { readonly input?: unknown }) => string {
  return (issue) => `${message}, not "${String(issue.input)}"`;
}

function integerSchema(min: number, max: number): z.ZodType<number> {
  const error = quoting(`must be a whole number from ${String(min)} to ${String(max)}`);
  return z
    .string()
    .refine((text) => /^\d{1,10}$/.test(text) && Number(text) >= min && Number(text) <= max, { error })
    .transform(Number);
}

function portOrOff(issue: { readonly input?: unknown }): string {
  return quoting('must be a whole number from 0 to 65535, or off')(issue);
}

function hostSchema(): z.ZodType<string> {
  const hostName = /^(?=.{1,253}$)[0-9a-z]([0-9a-z-]*[0-9a-z])?(\.[0-9a-z]([0-9a-z-]*[0-9a-z])?)*$/i;
  return z.string().refine((text) => isIP(text) !== 0 || hostName.test(text), {
    error: quoting('must be an IP address or a host name'),
  });
}

function readNetworks(text: string, context: z.RefinementCtx<string>): typeof noNetworks {
  const reading = parseNetworks(text);
  if (reading.ok) return reading.networks;
  context.addIssue({ code: 'custom', message: reading.problem, input: text });
  return z.NEVER;
}

function readPublicUrl(text: string, context: z.RefinementCtx<string>): string {
  const problem = publicUrlProblem(URL.parse(text));
  if (problem === undefined) return text.replace(/\/+$/, '');
  context.addIssue({ code: 'custom', message: problem, input: text });
  return z.NEVER;
}

function publicUrlProblem(url: URL | null): string | undefined {
  if (url === null) return 'must be a URL';
  if (url.username !== '' || url.password !== '') return 'must hold no user name or password';
  if (url.search !== '' || url.hash !== '') return 'must hold no "?" and no "#"';
  if (url.protocol === 'https:') return undefined;
  if (url.protocol !== 'http:') return 'must begin with https://';
  return isLoopbackHost(url.hostname.replace(/^\[|\]$/g, ''))
    ? undefined
    : 'must begin with https://: devices speak plain HTTP to their own machine alone';
}

function readBootstrapToken(text: string, context: z.RefinementCtx<string>): Secret {
  const problem = bootstrapTokenProblem(text);
  if (problem === undefined) return new Secret(text);
  context.addIssue({ code: 'custom', message: problem });
  return z.NEVER;
}

function bootstrapTokenProblem(text: string): string | undefined {
  if (text.length < bootstrapTokenLengthMin) {
    return `must have ${String(bootstrapTokenLengthMin)} characters or more; this has ${String(text.length)}`;
  }
  if (!/^[\x21-\x7e]+$/.test(text)) return 'must be visible ASCII, because it travels in a header';
  return text.startsWith('efk_') ? 'must not begin with efk_, which marks the keys of devices' : undefined;
}

/** The value may hold a password, so no message quotes it. */
function readSmtpUrl(text: string, context: z.RefinementCtx<string>): Secret {
  const url = URL.parse(text);
  if (url !== null && ['smtp:', 'smtps:'].includes(url.protocol) && url.hostname !== '') {
    return new Secret(withTimeouts(text));
  }
  context.addIssue({ code: 'custom', message: 'must begin with smtp:// or smtps:// and name a host' });
  return z.NEVER;
}

/** `ada@example.org`, or with a name: `EdgeFlow <ada@example.org>`. */
function isSender(text: string): boolean {
  const bare = /^[^<>\r\n]*<([^<>\s]+)>$/.exec(text)?.[1] ?? text;
  return z.email().safeParse(bare).success;
}

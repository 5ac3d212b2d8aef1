import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { type RunningProcess, parseLog, startNode } from './processes.ts';

const startMsDefault = 30_000;

/** A real cloud process on loopback, with the development CA it made. */
export interface CloudProcess extends RunningProcess {
  /** `https://127.0.0.1:<port>` */
  readonly url: string;
  /** `http://127.0.0.1:<port>` */
  readonly plainUrl: string;
  readonly caFile: string;
  readonly pin: string;
  readonly token: string;
  /** Its settings. */
  readonly environment: Readonly<Record<string, string>>;
  /** One call as the operator, over TLS verified by the CA. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<CallAnswer>;
}

export interface CallAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** The body as JSON, or undefined. */
  readonly json: unknown;
}

export interface CloudOptions {
  /** Holds database, key ring, TLS files and token; used again, it is the same cloud. */
  readonly folder: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** File descriptors that it may have at once. */
  readonly openFilesMax?: number;
  /** How long it may take to be ready. */
  readonly startMs?: number;
  /** Whom its certificate is by, where `environment` names a certificate: then it makes none. */
  readonly issuer?: { readonly caFile: string; readonly pin: string };
}

/** Starts `apps/cloud/src/main.ts` and waits until it is ready. */
export async function startCloud(options: CloudOptions): Promise<CloudProcess> {
  const tokenFile = join(options.folder, 'bootstrap-token');
  const token = readToken(tokenFile);
  const { startMs = startMsDefault } = options;
  const environment = {
    HOST: '127.0.0.1',
    PORT: '0',
    HTTP_PORT: '0',
    DATABASE_URL: `sqlite:${join(options.folder, 'edgeflow.db')}`,
    EDGEFLOW_CLOUD_BOOTSTRAP_TOKEN_FILE: tokenFile,
    ...options.environment,
  };
  const running = startNode('cloud', ['apps/cloud/src/main.ts'], environment, options.openFilesMax);
  const url = await running.waitFor('its HTTPS address', urlAfter('HTTPS for'), startMs);
  const plainUrl = await running.waitFor('its HTTP address', urlAfter('HTTP on'), startMs);
  const ca = options.issuer ?? (await running.waitFor('its CA', findCa, startMs));
  return {
    ...running,
    ...ca,
    url,
    plainUrl,
    token,
    environment,
    call: (method, path, body, headers) =>
      callCloud(url, ca.caFile, method, path, body, { 'x-api-key': token, ...headers }),
  };
}

/** One HTTPS call, verified by a CA file. A body that is a string goes as it is. */
export function callCloud(
  url: string,
  caFile: string,
  method: string,
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string>>,
): Promise<CallAnswer> {
  const payload = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const call = request(
      new URL(path, url),
      {
        method,
        ca: readFileSync(caFile),
        agent: false,
        headers: { ...(payload === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        answer.once('error', reject).once('end', () => {
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text, json: parseJson(text) });
        });
      },
    );
    call.once('error', reject);
    call.end(payload);
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function urlAfter(start: string): (line: string) => string | undefined {
  return (line) => {
    const log = parseLog(line);
    return typeof log?.['msg'] === 'string' && log['msg'].startsWith(start) ? String(log['url']) : undefined;
  };
}

function findCa(line: string): { caFile: string; pin: string } | undefined {
  const { ca, pins } = parseLog(line) ?? {};
  if (typeof ca !== 'string' || !Array.isArray(pins)) return undefined;
  return { caFile: ca, pin: String(pins[0]) };
}

function readToken(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    const token = randomBytes(32).toString('base64url');
    writeFileSync(file, token, { mode: 0o600 });
    return token;
  }
}

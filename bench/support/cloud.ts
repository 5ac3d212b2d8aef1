import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseLog } from '../../e2e/support/processes.ts';
import { type Child, startChild } from './child.ts';
import type { Cleanup } from './cleanup.ts';
import { Operator } from './operator.ts';

const startMs = 60_000;

/** A real cloud process on loopback. */
export interface BenchCloud {
  readonly child: Child;
  readonly plain: URL;
  readonly secure: URL;
  readonly operator: Operator;
  readonly databaseUrl: string;
}

export interface CloudOptions {
  /** Holds database, key ring and TLS files; used again, it is the same cloud. */
  readonly folder: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly measuresMemory?: boolean;
  /** Flags of Node.js itself, such as `--cpu-prof`. */
  readonly nodeFlags?: readonly string[];
}

/** Certificate files of a cloud that made its own. */
export function certificateFiles(folder: string): { certificate: string; key: string; ca: string } {
  const tls = join(folder, 'tls');
  return { certificate: join(tls, 'server.pem'), key: join(tls, 'server.key'), ca: join(tls, 'ca.pem') };
}

/** Starts `apps/cloud/src/main.ts` and waits until it listens. */
export async function startCloud(cleanup: Cleanup, options: CloudOptions): Promise<BenchCloud> {
  const token = randomBytes(32).toString('base64url');
  const tokenFile = join(options.folder, 'bootstrap-token');
  writeFileSync(tokenFile, token, { mode: 0o600 });
  const databaseUrl =
    options.environment?.['DATABASE_URL'] ?? `sqlite:${join(options.folder, 'edgeflow.db')}`;
  const child = startChild(cleanup, {
    name: 'cloud',
    args: [...(options.nodeFlags ?? []), 'apps/cloud/src/main.ts'],
    environment: {
      ...{ HOST: '127.0.0.1', PORT: '0', HTTP_PORT: '0' },
      EDGEFLOW_CLOUD_BOOTSTRAP_TOKEN_FILE: tokenFile,
      ...options.environment,
      DATABASE_URL: databaseUrl,
    },
    measuresMemory: options.measuresMemory ?? false,
  });
  const secure = await child.waitFor('its HTTPS address', urlAfter('HTTPS for'), startMs);
  const plain = await child.waitFor('its HTTP address', urlAfter('HTTP on'), startMs);
  return { child, plain, secure, operator: new Operator(plain, token), databaseUrl };
}

function urlAfter(start: string): (line: string) => URL | undefined {
  return (line) => {
    const log = parseLog(line);
    const isIt = typeof log?.['msg'] === 'string' && log['msg'].startsWith(start);
    return isIt ? new URL(String(log['url'])) : undefined;
  };
}

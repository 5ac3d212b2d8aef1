import { z } from 'zod';
import { Secret } from './secret.ts';

export type DatabaseSetting =
  | { readonly kind: 'sqlite'; readonly path: string }
  | {
      readonly kind: 'postgres';
      readonly url: Secret;
      /** `postgres://user:***@host/database`: for people and logs. */
      readonly shown: string;
    };

/** `sqlite:path` or `postgres://…`. The text may hold a password, so no message quotes it. */
export const databaseSchema = z
  .string()
  .default('sqlite:./data/edgeflow.db')
  .transform((text, context): DatabaseSetting => {
    const reading = readDatabase(text);
    if (typeof reading !== 'string') return reading;
    context.addIssue({ code: 'custom', message: reading });
    return z.NEVER;
  });

/** The setting, or what is wrong with it. */
function readDatabase(text: string): DatabaseSetting | string {
  if (text.startsWith('sqlite:')) return readSqlite(text.slice('sqlite:'.length));
  if (/^postgres(ql)?:\/\//.test(text)) return readPostgres(text);
  return 'must begin with sqlite: or postgres://';
}

function readSqlite(rest: string): DatabaseSetting | string {
  // sqlite:///var/lib/x.db is how other programs write an absolute path.
  const path = rest.startsWith('///') ? rest.slice(2) : rest;
  if (path === '') return 'names no file';
  if (path.startsWith('//')) return 'must be sqlite:relative/path or sqlite:/absolute/path';
  if (path.startsWith(':memory:')) return 'must name a file: a registry in memory forgets every device';
  return { kind: 'sqlite', path };
}

function readPostgres(text: string): DatabaseSetting | string {
  const url = URL.parse(text);
  if (url === null)
    return 'is no valid postgres:// URL; special characters in the password must be %-encoded';
  if (url.hostname === '' && !url.searchParams.has('host')) return 'names no host';
  const user = url.username === '' ? '' : `${url.username}${url.password === '' ? '' : ':***'}@`;
  // The query may hold a password too, so it is not shown.
  return { kind: 'postgres', url: new Secret(text), shown: `postgres://${user}${url.host}${url.pathname}` };
}

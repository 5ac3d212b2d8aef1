import { dirname } from 'node:path';
import { z } from 'zod';
import { type Files, fileErrorCode, type Random, randomHex, writeAtomically } from '@edgeflow/platform';
import { SettingError } from '../config/problem.ts';
import { KeyRing, serverKeyBytes } from './key-ring.ts';

const format = 'edgeflow-server-keys/1';
const fileMode = 0o600;
const folderMode = 0o700;
/** Permission bits of group and others: none may be set on a file of secrets. */
const othersMask = 0o077;
const fileBytesMax = 64 * 1024;
const keyIdBytes = 4;
const setting = 'EDGEFLOW_CLOUD_SECRET_FILE';

const base64Key = z
  .base64()
  .transform((text) => new Uint8Array(Buffer.from(text, 'base64')))
  .refine((key) => key.length === serverKeyBytes, `must be base64 of ${String(serverKeyBytes)} bytes`);

const ringSchema = z
  .object({
    format: z.literal(format),
    current: z.string(),
    keys: z.record(z.string().regex(/^[0-9a-z_-]{1,64}$/), base64Key),
  })
  .strict()
  .refine((ring) => Object.hasOwn(ring.keys, ring.current), {
    path: ['current'],
    message: 'names no key of the file',
  });

/** Whether there is a key ring at `path`. */
export async function keyRingExists(files: Files, path: string): Promise<boolean> {
  return (await files.stat(path)) !== undefined;
}

/**
 * Reads the key ring.
 *
 * @throws SettingError when it is missing, readable by others, or damaged. It is never replaced: rows that were made
 * with it could not be read any more.
 */
export async function loadKeyRing(files: Files, path: string): Promise<KeyRing> {
  const facts = await files.stat(path);
  if (facts === undefined) {
    throw refusal(
      `${path} does not exist, and the database holds rows made with it`,
      'Restore it from the backup, or set the path where it is; a new one cannot replace it.',
    );
  }
  if (facts.kind !== 'file') throw refusal(`${path} is not a file`, 'Set the path of the key ring itself.');
  if ((facts.mode & othersMask) !== 0) {
    const mode = facts.mode.toString(8).padStart(4, '0');
    throw refusal(`${path} is open to other users (mode ${mode})`, `Run: chmod 600 ${path}`);
  }
  return parseRing(await readText(files, path), path);
}

/**
 * Makes a key ring with one key. Only for a database that is new and empty.
 *
 * @throws SettingError when there is a file already, or it cannot be written. Returned means durable.
 */
export async function createKeyRing(files: Files, path: string, random: Random): Promise<KeyRing> {
  if (await keyRingExists(files, path)) {
    throw refusal(`${path} exists already`, 'Start with the database that it belongs to, or move it away.');
  }
  const id = `k_${randomHex(random, keyIdBytes)}`;
  const key = random.bytes(serverKeyBytes);
  const document = { format, current: id, keys: { [id]: Buffer.from(key).toString('base64') } };
  try {
    await files.makeFolder(dirname(path), folderMode);
    await writeAtomically(files, path, Buffer.from(`${JSON.stringify(document, null, 2)}\n`), fileMode);
  } catch (error) {
    throw refusal(
      `${path} cannot be written (${fileErrorCode(error) ?? 'unknown cause'})`,
      'Make its folder writable for this user, with free space, then start again.',
      error,
    );
  }
  return new KeyRing(id, new Map([[id, key]]));
}

async function readText(files: Files, path: string): Promise<string> {
  try {
    return Buffer.from(await files.read(path, fileBytesMax)).toString('utf8');
  } catch (error) {
    throw refusal(
      `${path} cannot be read (${fileErrorCode(error) ?? 'unknown cause'})`,
      'Make it readable for this user, then start again.',
      error,
    );
  }
}

/** No message of JSON.parse is passed on: it quotes what it read. */
function parseRing(text: string, path: string): KeyRing {
  const nextStep = 'Restore it from the backup; a new one cannot replace it.';
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw refusal(`${path} is damaged: it is not JSON`, nextStep);
  }
  const ring = ringSchema.safeParse(document);
  if (!ring.success) {
    const issue = ring.error.issues[0];
    throw refusal(`${path} is damaged: ${issue?.path[0]?.toString() ?? 'it'} is not as expected`, nextStep);
  }
  return new KeyRing(ring.data.current, new Map(Object.entries(ring.data.keys)));
}

function refusal(message: string, nextStep: string, cause?: unknown): SettingError {
  return new SettingError([{ setting, message, nextStep }], cause === undefined ? {} : { cause });
}

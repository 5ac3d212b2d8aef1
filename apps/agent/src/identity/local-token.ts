import { createHash, timingSafeEqual } from 'node:crypto';
import { posix } from 'node:path';
import { type Files, fileErrorCode, type Random } from '@edgeflow/platform';
import { DiskProblemError, describeDiskProblem, saveDurably } from './disk-problem.ts';
import type { Notice } from './notice.ts';
import { bitsOfOthers } from './permissions.ts';

export const localTokenName = 'local-token';

const tokenPattern = /^[A-Za-z0-9_-]{43}$/;
const tokenFileBytesMax = 1024;

/** The secret of the local API (`X-EdgeFlow-Token`): whoever may read the state folder may change the device. */
export class LocalToken {
  readonly path: string;
  readonly #digest: Uint8Array;

  constructor(path: string, token: string) {
    this.path = path;
    this.#digest = digest(token);
  }

  /** Takes as long for a near miss as for nonsense: it compares digests. */
  matches(presented: string | undefined): boolean {
    return presented !== undefined && timingSafeEqual(digest(presented), this.#digest);
  }
}

/**
 * Reads the token, or makes one (43 characters of base64url, mode 0600, durable). A file that holds no token is
 * replaced: nothing but the local API depends on it, and people read the new one where they read the old.
 *
 * @throws DiskProblemError.
 */
export async function loadLocalToken(deps: {
  readonly files: Files;
  readonly random: Random;
  readonly stateFolder: string;
}): Promise<{ readonly token: LocalToken; readonly notices: readonly Notice[] }> {
  const path = posix.join(deps.stateFolder, localTokenName);
  const stored = await readToken(deps.files, path);
  if (stored.token !== undefined) {
    return { token: new LocalToken(path, stored.token), notices: await openToOthers(deps.files, path) };
  }
  const fresh = Buffer.from(deps.random.bytes(32)).toString('base64url');
  await saveDurably(deps.files, path, Buffer.from(`${fresh}\n`));
  const replaced: Notice = {
    code: 'token_replaced',
    detail: `${path} did not hold a token, so a new one was made.`,
    nextStep: 'Tools that use the local API read the new token from that file.',
  };
  return { token: new LocalToken(path, fresh), notices: stored.exists ? [replaced] : [] };
}

async function readToken(files: Files, path: string): Promise<{ exists: boolean; token?: string }> {
  try {
    const text = Buffer.from(await files.read(path, tokenFileBytesMax))
      .toString('latin1')
      .trim();
    return tokenPattern.test(text) ? { exists: true, token: text } : { exists: true };
  } catch (error) {
    const errno = fileErrorCode(error);
    if (errno === 'ENOENT') return { exists: false };
    if (errno === 'EFBIG') return { exists: true };
    throw new DiskProblemError(describeDiskProblem(error, `${path} cannot be read`), error);
  }
}

async function openToOthers(files: Files, path: string): Promise<Notice[]> {
  if ((await bitsOfOthers(files, path)) === 0) return [];
  return [
    {
      code: 'token_open_to_others',
      detail: `Other users of this machine may use ${path}, and with it change this device.`,
      nextStep: `Remove it (rm ${path}) and restart the agent, which makes a new one that only its own user can read.`,
    },
  ];
}

function digest(token: string): Uint8Array {
  return createHash('sha256').update(token).digest();
}

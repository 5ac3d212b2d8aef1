import { createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Role } from '@edgeflow/contract';
import type { ApiClient } from './api-client.ts';
import { Browser } from './api-client.ts';
import type { TestCloud } from './test-cloud.ts';

export const password = 'correct horse battery';

/** Makes the first owner, signed in. */
export async function firstOwner(cloud: TestCloud, browser?: Browser): Promise<ApiClient> {
  const person = cloud.person(browser);
  const secret = await cloud.cloud.people.setup.makeSetupLink();
  await person.call('completeSetup', 201, {
    body: { secret, name: 'Ada', email: 'ada@example.org', password },
  });
  return person;
}

/** Invites somebody and lets them accept, signed in. @param inviter at least of this role */
export async function newMember(
  cloud: TestCloud,
  inviter: ApiClient,
  email: string,
  role: Role,
  browser = new Browser(),
): Promise<ApiClient> {
  const secret = await invite(inviter, email, role);
  const person = cloud.person(browser);
  await person.call('acceptInvitation', 201, { body: { secret, name: email.split('@')[0], password } });
  return person;
}

/** The secret of an invitation. */
export async function invite(inviter: ApiClient, email: string, role: Role): Promise<string> {
  const { link } = await inviter.call('createInvitation', 201, { body: { email, role } });
  return link.split('#')[1] ?? '';
}

const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const periodMs = 30_000;

/**
 * What an authenticator shows over a few steps: `code(-1)` the step before the present one, `code(1)` the one after.
 * Present is when this was called, or a moment later: a step about to end is waited out, so that `code(-1)` is good
 * for another five seconds and the later ones for longer.
 */
export async function authenticatorCodes(secret: string): Promise<(step: number) => string> {
  const leftMs = periodMs - (Date.now() % periodMs);
  if (leftMs < 5000) await sleep(leftMs);
  const atMs = Date.now();
  return (step) => authenticatorCode(secret, atMs + step * periodMs);
}

/** What an authenticator shows (RFC 6238, SHA-1, six digits, 30 s). @param secret base32 */
function authenticatorCode(secret: string, atMs: number): string {
  const bits = [...secret.replace(/=+$/, '')].map((one) => base32.indexOf(one).toString(2).padStart(5, '0'));
  const bytes = bits.join('').match(/.{8}/g) ?? [];
  const key = Buffer.from(bytes.map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(atMs / periodMs)));
  const mac = createHmac('sha1', key).update(counter).digest();
  const at = (mac.at(-1) ?? 0) & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

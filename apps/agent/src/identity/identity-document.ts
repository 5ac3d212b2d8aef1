import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { type Random, randomHex } from '@edgeflow/platform';
import * as z from 'zod';
import { boardIdentitySchema } from './device-facts.ts';
import type { VaultDocument } from './vault-opening.ts';

/** Ids, keys and origins are opaque text to a device (CONTRACT.md §1); the bound is only against nonsense. */
const opaqueText = z.string().min(1).max(4096);

const keySchema = z.object({
  api_key: opaqueText,
  /** RFC 3339, or null for a key whose expiry is not known. The cloud judges it, never this device's clock. */
  expires_at: z.string().nullable(),
});

const credentialsSchema = keySchema.extend({
  /** The origin that issued the credentials, and the only one they are ever sent to: `https://host:port`. */
  cloud: opaqueText,
  device_id: opaqueText,
  source: z.enum(['provisioned', 'settings']),
  /** Which settings this identity, or one it succeeded, came from; see {@link settingsMark}. */
  settings_mark: z.string().optional(),
  /** Which code made this identity; see {@link codeMark}. */
  code_mark: z.string().optional(),
  /** A rotation that has been accepted and not yet proven: tried first, while `api_key` stays valid. */
  next: keySchema.optional(),
  board: boardIdentitySchema.optional(),
  /** RFC 3339, by this device's clock: for people to read, not to decide by. */
  saved_at: z.string(),
});

const identitySchema = credentialsSchema.extend({
  /** The identity used before this one, kept until this one has received `connected`. */
  previous: credentialsSchema.optional(),
});

/** One set of credentials. Secret as a whole. */
export type Credentials = z.infer<typeof credentialsSchema>;
export type DeviceKey = z.infer<typeof keySchema>;
/** What the agent knows about who it is: credentials, and the ones they replace until proven. */
export type Identity = z.infer<typeof identitySchema>;
/** Credentials before they are stored. */
export type NewCredentials = Omit<Credentials, 'next' | 'saved_at'>;

export const identityDocument: VaultDocument<Identity> = {
  name: 'identity',
  schema: identitySchema,
  boardOf: (identity) => identity.board,
};

/** The cloud offered a key (`rotate_key`). A new offer replaces a pending one. */
export function withNextKey(identity: Identity, offered: DeviceKey): Identity {
  return { ...identity, next: { api_key: offered.api_key, expires_at: offered.expires_at } };
}

/** The next key has authenticated: it is the key now, and the old one is dead. Without a next key, nothing changes. */
export function promoteNext(identity: Identity): Identity {
  return identity.next === undefined ? identity : { ...identity, ...identity.next, next: undefined };
}

/** The next key was rejected: back to the current one. */
export function dropNext(identity: Identity): Identity {
  return identity.next === undefined ? identity : { ...identity, next: undefined };
}

/**
 * New credentials take over, and the old ones stay until {@link confirmNew}. Where the old ones were themselves not
 * confirmed yet, the ones before them stay: those have worked, and there is room for one.
 *
 * The mark of the settings is carried along, so that credentials which replaced configured ones on an operator's word
 * are not undone by the same, unchanged setting at the next start. The same credentials once more, as after a repeated
 * claim, replace nothing.
 */
export function replaceKeepingOld(
  old: Identity | undefined,
  credentials: NewCredentials,
  now: string,
): Identity {
  const mark = credentials.settings_mark ?? old?.settings_mark;
  const stored = { ...credentials, settings_mark: mark, saved_at: now };
  if (old !== undefined && isSameKey(old, credentials)) {
    // Whoever repeats a key need not know how long it is valid.
    return { ...old, ...stored, expires_at: stored.expires_at ?? old.expires_at };
  }
  return { ...stored, previous: old && keptOf(old) };
}

/** The present credentials have received `connected`: the ones before them are no longer needed. */
export function confirmNew(identity: Identity): Identity {
  return identity.previous === undefined ? identity : { ...identity, previous: undefined };
}

/**
 * The present credentials were rejected: the ones before them are used again. The rejected ones take their place and
 * go only when these have received `connected`: while neither works, neither is lost.
 */
export function rollBackToOld(identity: Identity): Identity {
  const { previous, ...rejected } = identity;
  return previous === undefined ? identity : { ...previous, previous: rejected };
}

function isSameKey(a: NewCredentials, b: NewCredentials): boolean {
  return a.cloud === b.cloud && a.device_id === b.device_id && isSameText(a.api_key, b.api_key);
}

function keptOf(old: Identity): Credentials {
  const { previous, ...credentials } = old;
  return previous ?? credentials;
}

/** `EDGEFLOW_SAAS_URL`'s origin, `EDGEFLOW_DEVICE_ID` and `EDGEFLOW_API_KEY`. */
export interface ConfiguredCredentials {
  readonly cloud: string;
  readonly deviceId: string;
  readonly apiKey: string;
}

/**
 * Recognises unchanged settings without keeping them: SHA-256, hexadecimal, over all three, so that a corrected
 * device id or address counts as a change too. The key in it has 256 random bits; nothing can be guessed from the mark.
 */
export function settingsMark({ cloud, deviceId, apiKey }: ConfiguredCredentials): string {
  return createHash('sha256')
    .update(JSON.stringify([cloud, deviceId, apiKey]))
    .digest('hex');
}

/**
 * Configured credentials win over stored ones; but while the setting is the one that the stored identity came from,
 * the stored one, which may hold a rotated key, is used (CONTRACT.md §5).
 */
export function isSeededBy(identity: Identity | undefined, configured: ConfiguredCredentials): boolean {
  return (
    identity?.settings_mark !== undefined && isSameText(identity.settings_mark, settingsMark(configured))
  );
}

/**
 * Recognises a provisioning code without keeping it: `<salt>.<HMAC-SHA-256>`, hexadecimal.
 *
 * @param code in its canonical spelling, as the contract's reader gives it.
 */
export function codeMark(random: Random, code: string): string {
  return markWithSalt(randomHex(random, 16), code);
}

/**
 * Whether `code` (canonical spelling) is the one that made this identity. Asked after every event of the machines, and
 * always about the same few, so each identity remembers its last answer as long as it is held.
 */
export function isMadeByCode(credentials: Credentials, code: string): boolean {
  const { code_mark: mark } = credentials;
  if (mark === undefined) return false;
  const last = lastAnswers.get(credentials);
  if (last?.code === code) return last.isMadeByIt;
  const [salt = ''] = mark.split('.');
  const isMadeByIt = isSameText(mark, markWithSalt(salt, code));
  lastAnswers.set(credentials, { code, isMadeByIt });
  return isMadeByIt;
}

const lastAnswers = new WeakMap<Credentials, { readonly code: string; readonly isMadeByIt: boolean }>();

function markWithSalt(salt: string, code: string): string {
  return `${salt}.${createHmac('sha256', salt).update(code).digest('hex')}`;
}

function isSameText(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}

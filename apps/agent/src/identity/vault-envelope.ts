import { createHash } from 'node:crypto';
import * as z from 'zod';
import { nonceBytes, saltBytes, type SealedBytes, tagBytes } from './vault-crypto.ts';

/**
 * The text of a vault file: one line of JSON.
 *
 *     {"format":"edgeflow-vault","version":1,"document":"identity","key_source":"generated","key_id":"…",
 *      "machine_binding":"…","salt":"…","nonce":"…","ciphertext":"…","tag":"…","check":"…"}⏎
 *
 * Everything before `,"nonce"` is the associated data of the seal, byte for byte as it stands in the file, so there
 * is no canonical form to agree on: a file moved to another name, device, key or version does not open.
 *
 * `check` is no security: it is the start of SHA-256 over all bytes before `,"check"`, and tells a damaged file
 * (wrong check) from a whole one that belongs to another key or machine (right check). Frame, `format`, `version`
 * and `check` stay as they are in every later version, so that an older agent can name a newer file.
 */

export const envelopeVersion = 1;

const headerSchema = z.strictObject({
  format: z.literal('edgeflow-vault'),
  version: z.literal(envelopeVersion),
  document: z.union([
    z.enum(['identity', 'claim']),
    z.templateLiteral(['claim-', z.string().regex(/^[0-9a-f]{16}$/)]),
  ]),
  key_source: z.enum(['systemd-credential', 'key-file', 'generated']),
  /** Which key sealed the file; see `keyFingerprint`. */
  key_id: z.string().regex(/^[0-9a-f]{16}$/),
  /** Which machine the file is tied to, see `machineFingerprint`; null for none. */
  machine_binding: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .nullable(),
  salt: z.string().refine((text) => decodeBase64(text)?.length === saltBytes),
});

export type EnvelopeHeader = z.infer<typeof headerSchema>;

export interface Envelope {
  readonly header: EnvelopeHeader;
  readonly salt: Uint8Array;
  /** The associated data: the header as it stands in the file. */
  readonly associated: Uint8Array;
  readonly sealed: SealedBytes;
}

export type EnvelopeReading =
  | { readonly kind: 'envelope'; readonly envelope: Envelope }
  | { readonly kind: 'damaged'; readonly reason: EnvelopeDamage; readonly detail: string };

export type EnvelopeDamage = 'truncated' | 'altered' | 'not_a_vault' | 'newer_version';

const beginning = '{"format":"edgeflow-vault","version":';
const framePattern = /^(.*),"check":"([0-9a-f]{16})"\}\n$/;
const versionPattern = /^\{"format":"edgeflow-vault","version":([1-9][0-9]{0,8}),/;
const sealPattern =
  /^(.*),"nonce":"([A-Za-z0-9+/=]{1,64})","ciphertext":"([A-Za-z0-9+/=]+)","tag":"([A-Za-z0-9+/=]{1,64})"$/;

/** The header's bytes as they go into the file: what the seal must authenticate. */
export function encodeHeader(fields: Omit<EnvelopeHeader, 'format' | 'version' | 'salt'>, salt: Uint8Array) {
  const header: EnvelopeHeader = {
    format: 'edgeflow-vault',
    version: envelopeVersion,
    document: fields.document,
    key_source: fields.key_source,
    key_id: fields.key_id,
    machine_binding: fields.machine_binding,
    salt: encodeBase64(salt),
  };
  return Buffer.from(JSON.stringify(header).slice(0, -1), 'latin1');
}

/** The whole file, from {@link encodeHeader}'s bytes and what was sealed with them. */
export function encodeEnvelope(header: Uint8Array, sealed: SealedBytes): Uint8Array {
  const nonce = encodeBase64(sealed.nonce);
  const ciphertext = encodeBase64(sealed.ciphertext);
  const tag = encodeBase64(sealed.tag);
  const start = Buffer.from(header).toString('latin1');
  const body = `${start},"nonce":"${nonce}","ciphertext":"${ciphertext}","tag":"${tag}"`;
  return Buffer.from(`${body},"check":"${checkOf(body)}"}\n`, 'latin1');
}

/**
 * Reads a vault file's frame. Never throws, whatever the bytes. Tells exactly, for a file with one wrong bit or cut
 * at any length, that it was altered or truncated.
 */
export function decodeEnvelope(bytes: Uint8Array): EnvelopeReading {
  // latin1 maps bytes to characters one to one; whatever is not ASCII then fails a pattern or the check.
  const text = Buffer.from(bytes).toString('latin1');
  const written = withoutTrailingNuls(text);
  if (!isOurs(written)) return damaged('not_a_vault', 'It does not look like a vault file at all.');
  if (!isComplete(written)) {
    const rest = written.length < text.length ? ', and only zeros follow' : '';
    return damaged('truncated', `It ends early, after ${String(written.length)} bytes${rest}.`);
  }

  const [, body, check] = framePattern.exec(text) ?? [];
  if (body === undefined || check !== checkOf(body)) {
    return damaged('altered', 'Its checksum does not fit: some of its bytes have changed.');
  }
  const version = versionPattern.exec(body)?.[1];
  if (version !== undefined && Number(version) > envelopeVersion) {
    const known = String(envelopeVersion);
    return damaged('newer_version', `It has format version ${version}; this agent knows ${known}.`);
  }
  const envelope = parseBody(body);
  if (envelope === undefined) return damaged('altered', 'Its fields are not those of a vault file.');
  return { kind: 'envelope', envelope };
}

function parseBody(body: string): Envelope | undefined {
  const [, start, nonceText, ciphertextText, tagText] = sealPattern.exec(body) ?? [];
  if (start === undefined) return undefined;
  const header = headerSchema.safeParse(parseJson(`${start}}`)).data;
  const salt = decodeBase64(header?.salt);
  const nonce = decodeBase64(nonceText);
  const ciphertext = decodeBase64(ciphertextText);
  const tag = decodeBase64(tagText);
  if (header === undefined || salt === undefined || ciphertext === undefined) return undefined;
  if (nonce?.length !== nonceBytes || tag?.length !== tagBytes) return undefined;
  return { header, salt, associated: Buffer.from(start, 'latin1'), sealed: { nonce, ciphertext, tag } };
}

function damaged(reason: EnvelopeDamage, detail: string): EnvelopeReading {
  return { kind: 'damaged', reason, detail };
}

/** By its beginning, as far as there is one; or by its middle, so that damage to the beginning does not hide it. */
function isOurs(text: string): boolean {
  return text.startsWith(beginning) || beginning.startsWith(text) || text.includes(',"ciphertext":"');
}

/**
 * A whole file ends in `}` and a line feed, the only one in it. Either is enough: a damaged last byte then counts as
 * altered, and only a missing end as truncated.
 */
function isComplete(text: string): boolean {
  return text.includes('\n') || text.at(-2) === '}';
}

function withoutTrailingNuls(text: string): string {
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === 0) end -= 1;
  return text.slice(0, end);
}

function checkOf(body: string): string {
  return createHash('sha256').update(body, 'latin1').digest('hex').slice(0, 16);
}

function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

/** Undefined for anything but the one canonical text of some bytes. */
function decodeBase64(text: string | undefined): Uint8Array | undefined {
  if (text === undefined) return undefined;
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

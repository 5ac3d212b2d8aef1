import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { Random } from '@edgeflow/platform';
import type { KeyRing } from '../../keyring/index.ts';

const algorithm = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;

/** What a sealed text belongs to: it opens in no other place. */
export interface TextPlace {
  /** Server key of the code's row. */
  readonly keyId: string;
  readonly organizationId: string;
  readonly batchId: string;
  readonly codeId: string;
}

/**
 * Seals the text of a code with AES-256-GCM under a purpose key of the server, so that the database alone tells none.
 *
 * @returns nonce, ciphertext and tag in base64url
 */
export function sealText(keyRing: KeyRing, random: Random, place: TextPlace, text: string): string {
  const nonce = random.bytes(nonceBytes);
  const cipher = createCipheriv(algorithm, keyRing.purposeKey(place.keyId, 'batch-texts'), nonce);
  cipher.setAAD(contextOf(place));
  const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return sealed.toString('base64url');
}

/** Throws for a text that was sealed in another place or under another key, or was changed. */
export function openText(keyRing: KeyRing, place: TextPlace, sealed: string): string {
  const bytes = Buffer.from(sealed, 'base64url');
  const nonce = bytes.subarray(0, nonceBytes);
  const key = keyRing.purposeKey(place.keyId, 'batch-texts');
  const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength: tagBytes });
  decipher.setAAD(contextOf(place));
  decipher.setAuthTag(bytes.subarray(bytes.length - tagBytes));
  const text = decipher.update(bytes.subarray(nonceBytes, bytes.length - tagBytes));
  return Buffer.concat([text, decipher.final()]).toString('utf8');
}

/** Each member with its length in front, so that no two places give the same bytes. */
function contextOf({ batchId, codeId, organizationId }: TextPlace): Buffer {
  const members = [organizationId, batchId, codeId].map((member) => `:${String(member.length)}:${member}`);
  return Buffer.from(`edgeflow/v1/batch-text${members.join('')}`);
}

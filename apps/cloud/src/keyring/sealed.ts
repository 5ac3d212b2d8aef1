import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { Random } from '@edgeflow/platform';
import type { KeyPurpose, KeyRing } from './key-ring.ts';

const nonceBytes = 12;
const tagBytes = 16;

/** What a sealed text is sealed for. It opens for the same key, purpose and owner alone. */
export interface Seal {
  readonly keyId: string;
  readonly purpose: KeyPurpose;
  /** Id of the row that it lies in: moved to another it does not open. */
  readonly owner: string;
}

/** AES-256-GCM (NIST SP 800-38D) under a purpose key: nonce, ciphertext and tag in base64. */
export function sealText(keyRing: KeyRing, seal: Seal, text: string, random: Random): string {
  const nonce = random.bytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', keyRing.purposeKey(seal.keyId, seal.purpose), nonce);
  cipher.setAAD(Buffer.from(seal.owner));
  return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString(
    'base64',
  );
}

/** @throws where it was sealed with another key, for another purpose or owner, or was changed */
export function openSealed(keyRing: KeyRing, seal: Seal, sealed: string): string {
  const bytes = Buffer.from(sealed, 'base64');
  const nonce = bytes.subarray(0, nonceBytes);
  const decipher = createDecipheriv('aes-256-gcm', keyRing.purposeKey(seal.keyId, seal.purpose), nonce, {
    authTagLength: tagBytes,
  });
  decipher.setAAD(Buffer.from(seal.owner));
  decipher.setAuthTag(bytes.subarray(-tagBytes));
  return decipher.update(bytes.subarray(nonceBytes, -tagBytes), undefined, 'utf8') + decipher.final('utf8');
}

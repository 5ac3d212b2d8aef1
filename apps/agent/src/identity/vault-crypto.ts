import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from 'node:crypto';

/**
 * The vault's cryptography, and nothing else: AES-256-GCM (NIST SP 800-38D) under keys from HKDF-SHA-256
 * (RFC 5869). Every derivation carries its own label, so that no two purposes ever share a key.
 */

export const saltBytes = 16;
/** 96 bits: the one nonce length for which GCM needs no extra hashing (SP 800-38D, 5.2.1.1). */
export const nonceBytes = 12;
export const tagBytes = 16;

export interface SealedBytes {
  readonly nonce: Uint8Array;
  readonly ciphertext: Uint8Array;
  readonly tag: Uint8Array;
}

/** Key material of any length from 32 bytes on, turned into the 32 bytes that everything else derives from. */
export function deriveRootKey(material: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', material, 'edgeflow-vault/1', 'root', 32));
}

/** Names a key without telling anything about it: 16 hexadecimal characters. */
export function keyFingerprint(rootKey: Uint8Array): string {
  return createHmac('sha256', rootKey).update('edgeflow-vault/1/key-id').digest('hex').slice(0, 16);
}

/**
 * Names a machine id for those who hold the key: 32 hexadecimal characters. An HMAC and not a hash, because
 * machine-id(5) forbids showing the id to others in a form that they could compare.
 */
export function machineFingerprint(rootKey: Uint8Array, machineId: string): string {
  const mac = createHmac('sha256', rootKey).update(`edgeflow-vault/1/machine-id/${machineId}`);
  return mac.digest('hex').slice(0, 32);
}

/**
 * The key of one file. `salt` is fresh with every write, so each key seals exactly one message and a repeated
 * nonce would still repeat nothing.
 *
 * @param machineId mixed into the key where it is given.
 */
export function contentKey(
  rootKey: Uint8Array,
  salt: Uint8Array,
  document: string,
  machineId: string | undefined,
): Uint8Array {
  const machine = machineId === undefined ? '' : `/machine-id/${machineId}`;
  return new Uint8Array(hkdfSync('sha256', rootKey, salt, `edgeflow-vault/1/${document}${machine}`, 32));
}

/** Encrypts and authenticates `plaintext`, and authenticates `associated` with it. */
export function sealBytes(
  key: Uint8Array,
  nonce: Uint8Array,
  associated: Uint8Array,
  plaintext: Uint8Array,
): SealedBytes {
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes });
  cipher.setAAD(associated);
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return { nonce, ciphertext, tag: cipher.getAuthTag() };
}

/** The plaintext, or undefined when key, content or `associated` is not what was sealed. */
export function unsealBytes(
  key: Uint8Array,
  sealed: SealedBytes,
  associated: Uint8Array,
): Uint8Array | undefined {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.nonce, { authTagLength: tagBytes });
  decipher.setAAD(associated);
  decipher.setAuthTag(sealed.tag);
  const head = decipher.update(sealed.ciphertext);
  try {
    return Buffer.concat([head, decipher.final()]);
  } catch {
    // final() throws for one reason only: the tag does not fit. Nothing of `head` leaves this function then.
    return undefined;
  }
}

import { createHash } from 'node:crypto';
import { type Random, randomHex } from '@edgeflow/platform';

/** Random bytes behind the secret of a link. */
const linkSecretBytes = 32;

/** What is stored of a secret that nobody can guess: 64 hexadecimal characters. */
export function sha256(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** What a link carries behind its `#`. */
export function makeLinkSecret(random: Random): string {
  return randomHex(random, linkSecretBytes);
}

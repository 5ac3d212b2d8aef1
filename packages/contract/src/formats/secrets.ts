import { base62, bytesToBase62 } from './base62.ts';
import { crc32 } from './crc32.ts';

const bodyLength = 43;
const checkLength = 6;
/** Random bytes behind every secret. */
export const secretBytes = 32;

export const apiKeyPrefix = 'efk_';
export const operatorTokenPrefix = 'edgeflow_';

/** A device API key from 32 secret bytes: `efk_` + 43 base62 + 6 base62 of CRC-32. */
export function formatApiKey(bytes: Uint8Array): string {
  return formatSecret(apiKeyPrefix, bytes);
}

/** An operator API token from 32 secret bytes: `edgeflow_` + 43 base62 + 6 base62 of CRC-32. */
export function formatOperatorToken(bytes: Uint8Array): string {
  return formatSecret(operatorTokenPrefix, bytes);
}

/** Whether a text has the shape and the checksum of an API key: tells a typing error from a key that is not known. */
export function isWellFormedApiKey(text: string): boolean {
  return isWellFormed(apiKeyPrefix, text);
}

export function isWellFormedOperatorToken(text: string): boolean {
  return isWellFormed(operatorTokenPrefix, text);
}

/** `efk_A1b2…wXyZ`: the first eight and last four characters, for people. Short texts are hidden whole. */
export function maskSecret(secret: string): string {
  return secret.length < 24 ? '…' : `${secret.slice(0, 8)}…${secret.slice(-4)}`;
}

/** Whether a text is what {@link maskSecret} makes. */
export function isMasked(text: string): boolean {
  return text.includes('…') || text.includes('...') || text.includes('*');
}

function formatSecret(prefix: string, bytes: Uint8Array): string {
  if (bytes.length !== secretBytes)
    throw new RangeError(`a secret is made from ${String(secretBytes)} bytes`);
  const body = prefix + bytesToBase62(bytes, bodyLength);
  return body + base62(crc32(body), checkLength);
}

function isWellFormed(prefix: string, text: string): boolean {
  if (!text.startsWith(prefix) || text.length !== prefix.length + bodyLength + checkLength) return false;
  if (!/^[0-9A-Za-z]+$/.test(text.slice(prefix.length))) return false;
  const body = text.slice(0, -checkLength);
  return text.slice(-checkLength) === base62(crc32(body), checkLength);
}

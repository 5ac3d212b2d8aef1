const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** 62^8 is the largest power of 62 whose multiples stay exact in a double beside a digit. */
const chunkDigits = 8;
const chunk = 62n ** BigInt(chunkDigits);

/** A number below 2^53 in base 62, left-padded with `0` to `length`. */
export function base62(value: number, length: number): string {
  let text = '';
  for (let rest = value; rest > 0; rest = Math.floor(rest / 62)) text = alphabet.charAt(rest % 62) + text;
  return text.padStart(length, '0');
}

/** Bytes, read as one big-endian number, in base 62, left-padded with `0` to `length`. */
export function bytesToBase62(bytes: Uint8Array, length: number): string {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  let text = '';
  for (; value > 0n; value /= chunk) text = base62(Number(value % chunk), chunkDigits) + text;
  return text.replace(/^0+/, '').padStart(length, '0');
}

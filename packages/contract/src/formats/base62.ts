const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** 62^5 is the largest power of 62 below 2^30: a remainder beside 16 bits more stays exact in a double. */
const chunkDigits = 5;
const chunk = 62 ** chunkDigits;

/** A number below 2^53 in base 62, left-padded with `0` to `length`. */
export function base62(value: number, length: number): string {
  let text = '';
  for (let rest = value; rest > 0; rest = Math.floor(rest / 62)) text = alphabet.charAt(rest % 62) + text;
  return text.padStart(length, '0');
}

/** Bytes, read as one big-endian number, in base 62, left-padded with `0` to `length`. */
export function bytesToBase62(bytes: Uint8Array, length: number): string {
  // Long division in limbs of 16 bits: several times faster than the same with BigInt, which allocates at every step.
  let limbs: number[] = [];
  for (let end = bytes.length; end > 0; end -= 2) {
    limbs.unshift(((end > 1 ? (bytes[end - 2] ?? 0) : 0) << 8) | (bytes[end - 1] ?? 0));
  }
  let text = '';
  while (limbs.length > 0) {
    let remainder = 0;
    const quotient: number[] = [];
    for (const limb of limbs) {
      const value = remainder * 0x1_0000 + limb;
      const digit = Math.floor(value / chunk);
      remainder = value - digit * chunk;
      if (quotient.length > 0 || digit > 0) quotient.push(digit);
    }
    text = base62(remainder, chunkDigits) + text;
    limbs = quotient;
  }
  return text.replace(/^0+/, '').padStart(length, '0');
}

/** A source of random bytes. The real one is the operating system's CSPRNG; secrets may come from nowhere else. */
export interface Random {
  /** `length` fresh random bytes. Safe to hand on by itself. */
  readonly bytes: (length: number) => Uint8Array;
}

/** Random bytes drawn at once by {@link pooled}. */
const poolBytes = 4096;

/**
 * The same bytes, drawn many at a time: a system call for each public id would be the dearest part of a cheap
 * request. For ids and jitter alone, never for secrets: the bytes of later ones wait in memory.
 */
export function pooled(random: Random): Random {
  let pool = new Uint8Array(0);
  let used = 0;
  return {
    bytes: (length) => {
      if (length > poolBytes) return random.bytes(length);
      if (used + length > pool.length) {
        pool = Uint8Array.from(random.bytes(poolBytes));
        used = 0;
      }
      used += length;
      return pool.slice(used - length, used);
    },
  };
}

/** A uniform number in [0, 1) with 53 random bits, as `Math.random` promises but from `random`. */
export function uniformFloat(random: Random): number {
  const [top = 0, ...rest] = random.bytes(7);
  // 5 bits and six bytes. One bit more and the sum would be rounded, which takes the lowest bits away.
  let value = top & 0x1f;
  for (const byte of rest) value = value * 256 + byte;
  return value / 2 ** 53;
}

/** A uniform integer in [0, bound). Unbiased: values from the incomplete last range are thrown away. */
export function uniformInt(random: Random, bound: number): number {
  if (!Number.isSafeInteger(bound) || bound < 1 || bound > 2 ** 32) {
    throw new RangeError(`bound must be an integer from 1 to 2^32, not ${String(bound)}`);
  }
  const limit = 2 ** 32 - (2 ** 32 % bound);
  for (;;) {
    const [a = 0, b = 0, c = 0, d = 0] = random.bytes(4);
    const value = a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d;
    if (value < limit) return value % bound;
  }
}

/** `length` random bytes as lower-case hexadecimal. */
export function randomHex(random: Random, length: number): string {
  return Array.from(random.bytes(length), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

import { codeGroupsMax, codeGroupsMin } from '../limits.ts';
import type { RandomBytes } from './ids.ts';

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const groupLength = 4;
/** Longest text read as a code, in UTF-16 units: the longest code with room for what people put between symbols. */
const textLengthMax = 128;
/** Dashes of every kind (the minus sign is no dash to Unicode), spaces, and the invisible marks that copying brings. */
const separators = /[\p{Pd}\p{Cf}\u2212\s]/gu;

/**
 * A new code of `groups` groups. 32 divides 256, so the low five bits of each random byte are unbiased.
 */
export function makeProvisioningCode(groups: number, randomBytes: RandomBytes): string {
  if (!Number.isInteger(groups) || groups < codeGroupsMin || groups > codeGroupsMax) {
    throw new RangeError(`a code has ${String(codeGroupsMin)} to ${String(codeGroupsMax)} groups`);
  }
  let symbols = '';
  for (const byte of randomBytes(groups * groupLength)) symbols += alphabet.charAt(byte & 31);
  return displayCode(symbols);
}

/**
 * Reads a code as people and keyboards produce it: any case, dashes and spaces anywhere (typographic ones too),
 * `PROV` stripped once, then O→0 and I, L→1.
 *
 * @returns the bare symbols (`A1B2C3D4`), or undefined when the text cannot be a code.
 */
export function parseProvisioningCode(text: string): string | undefined {
  if (text.length > textLengthMax) return undefined;
  const squeezed = text.replace(separators, '');
  // ASCII only before upper-casing: 'ı' and 'ſ' would otherwise become I and S.
  if (!/^[0-9A-Za-z]+$/.test(squeezed)) return undefined;
  const symbols = squeezed.toUpperCase().replace(/^PROV/, '').replaceAll('O', '0').replaceAll(/[IL]/g, '1');
  if (!/^[0-9A-HJKMNP-TV-Z]+$/.test(symbols)) return undefined;
  const groups = symbols.length / groupLength;
  return Number.isInteger(groups) && groups >= codeGroupsMin && groups <= codeGroupsMax ? symbols : undefined;
}

/** How many groups the bare symbols of a code have. */
export function codeGroupsOf(symbols: string): number {
  return symbols.length / groupLength;
}

/** The symbols as shown to people: `PROV-A1B2-C3D4`. */
export function displayCode(symbols: string): string {
  return ['PROV', ...(symbols.match(/.{4}/g) ?? [])].join('-');
}

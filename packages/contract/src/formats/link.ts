import { isId } from './ids.ts';
import { displayCode, parseProvisioningCode } from './provisioning-code.ts';

/** What a provisioning link carries. */
export interface ProvisioningLink {
  /** Origin of the cloud, e.g. `https://cloud.example:8443`, with the path prefix it is served under, if any. */
  readonly cloudUrl: string;
  /** `PROV-XXXX-XXXX`. */
  readonly code: string;
  /** SPKI pins, each `sha256/` + base64; empty when the cloud's certificate is publicly trusted. */
  readonly pins: readonly string[];
  /** Public id of the code (`pc_…`): for the page that the link opens. Agents have no use for it. */
  readonly codeId?: string;
}

export type LinkReading =
  | { readonly ok: true; readonly link: ProvisioningLink }
  | { readonly ok: false; readonly problem: string; readonly nextStep: string };

/** Longest link read, in UTF-16 units: an address, a code and dozens of pins. */
export const provisioningLinkLengthMax = 4096;
const checkAlphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** The largest prime below 32²: larger than any difference of two characters, so none cancels out. */
const checkPrime = 1021;
/** A primitive root of {@link checkPrime}. Neighbours weigh w^i and w^(i+1), which never agree. */
const checkWeight = 10;

/** `PUBLIC_URL/add#v=1&code=PROV-…&pin=sha256/…&id=pc_…&c=XX`. What follows `#` never leaves the browser. */
export function formatProvisioningLink(link: ProvisioningLink): string {
  const pins = link.pins.map((pin) => `&pin=${pin}`).join('');
  const id = link.codeId === undefined ? '' : `&id=${link.codeId}`;
  const covered = `${link.cloudUrl.replace(/\/+$/, '')}/add#v=1&code=${link.code}${pins}${id}`;
  return `${covered}&c=${linkCheckValue(covered)}`;
}

/** Reads a link back and verifies it offline. */
export function parseProvisioningLink(text: string): LinkReading {
  const trimmed = text.length > provisioningLinkLengthMax ? '' : text.trim();
  const match = /^(https?:\/\/[\x21\x22\x24-\x7e]+)\/add#([\x21-\x7e]+)&c=([0-9A-Z]{2})$/.exec(trimmed);
  if (match === null) {
    return unreadable(
      'this is not a provisioning link',
      'Copy the whole link again, from https:// to its end.',
    );
  }
  const [, cloudUrl = '', parameters = '', check = ''] = match;
  if (linkCheckValue(trimmed.slice(0, trimmed.lastIndexOf('&c='))) !== check) {
    return unreadable('the link has a wrong or swapped character', 'Copy or scan the link again.');
  }
  return readParameters(cloudUrl, parameters);
}

/**
 * Two Crockford characters over every character before `&c=`. A weighted sum modulo a prime: any single wrong
 * character changes it, and so does any swap of two neighbours that differ.
 */
export function linkCheckValue(covered: string): string {
  let sum = 0;
  for (let i = 0; i < covered.length; i += 1) {
    sum = ((sum + covered.charCodeAt(i)) * checkWeight) % checkPrime;
  }
  return checkAlphabet.charAt(Math.floor(sum / 32)) + checkAlphabet.charAt(sum % 32);
}

function readParameters(cloudUrl: string, parameters: string): LinkReading {
  const pins: string[] = [];
  let version: string | undefined;
  let code: string | undefined;
  let codeId: string | undefined;
  for (const pair of parameters.split('&')) {
    const [name, value] = splitOnce(pair);
    if (name === 'v') version = value;
    else if (name === 'code') code = value;
    else if (name === 'pin') pins.push(value);
    else if (name === 'id' && isId('code', value)) codeId = value;
  }
  if (version !== '1') {
    return unreadable(
      'the link is of a newer kind than this program reads',
      'Update the agent, then try again.',
    );
  }
  const symbols = parseProvisioningCode(code ?? '');
  if (symbols === undefined) return unreadable('the link holds no code', 'Make a new code in the dashboard.');
  if (!pins.every(isSpkiPin))
    return unreadable('the link holds a damaged pin', 'Copy or scan the link again.');
  const known = codeId === undefined ? {} : { codeId };
  return { ok: true, link: { cloudUrl, code: displayCode(symbols), pins, ...known } };
}

/** Whether a text is `sha256/` + base64 of 32 bytes. */
export function isSpkiPin(text: string): boolean {
  return /^sha256\/[A-Za-z0-9+/]{43}=$/.test(text);
}

function splitOnce(pair: string): [string, string] {
  const at = pair.indexOf('=');
  return at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
}

function unreadable(problem: string, nextStep: string): LinkReading {
  return { ok: false, problem, nextStep };
}

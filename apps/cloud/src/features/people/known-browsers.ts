import { createHmac, timingSafeEqual } from 'node:crypto';
import { type Random, randomHex } from '@edgeflow/platform';
import type { KeyRing } from '../../keyring/index.ts';

const nonceBytes = 16;
const macLength = 43;
/** How long a browser is remembered after its last sign-in. */
export const knownBrowserSeconds = 365 * 24 * 3600;

/**
 * Remembers the browsers in which somebody has signed in, in a cookie of theirs (OWASP's "device cookie"). It signs
 * nobody in; it gives the attempts from that browser a budget of their own, so that no stranger's guessing keeps a
 * person out.
 */
export class KnownBrowsers {
  readonly #keyRing: KeyRing;
  readonly #random: Random;

  constructor(keyRing: KeyRing, random: Random) {
    this.#keyRing = keyRing;
    this.#random = random;
  }

  /** The cookie for a browser in which this person has just signed in. */
  cookieFor(email: string): string {
    const nonce = randomHex(this.#random, nonceBytes);
    return `${nonce}.${this.#mac(this.#keyRing.currentId, nonce, email)}`;
  }

  /** Names the browser; undefined when the cookie was not made for this person. */
  nameOf(cookie: string | undefined, email: string): string | undefined {
    const [nonce = '', mac = ''] = (cookie ?? '').split('.');
    if (nonce.length !== 2 * nonceBytes || mac.length !== macLength) return undefined;
    const known = this.#keyRing.ids.some((id) => same(mac, this.#mac(id, nonce, email)));
    return known ? nonce : undefined;
  }

  #mac(keyId: string, nonce: string, email: string): string {
    const key = this.#keyRing.purposeKey(keyId, 'known-browser');
    return createHmac('sha256', key).update(`${nonce} ${email}`).digest('base64url');
  }
}

function same(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

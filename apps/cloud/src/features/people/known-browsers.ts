import { createHmac, timingSafeEqual } from 'node:crypto';
import { type Random, randomHex } from '@edgeflow/platform';
import type { KeyRing } from '../../keyring/index.ts';
import type { Database } from '../../storage/database.ts';
import { passwordHashOf } from './store.ts';

const nonceBytes = 16;
const macLength = 43;
/** How long a browser is remembered after its last sign-in. */
export const knownBrowserSeconds = 365 * 24 * 3600;

/**
 * Remembers the browsers in which somebody has signed in, in a cookie of theirs (OWASP's "device cookie"). It signs
 * nobody in; it gives the attempts from that browser a budget of their own, so that no stranger's guessing keeps a
 * person out. It is good while the password is the one that it was made with, so whoever knew an earlier one guesses at
 * the next like any stranger.
 */
export class KnownBrowsers {
  readonly #database: Database;
  readonly #keyRing: KeyRing;
  readonly #random: Random;

  constructor(database: Database, keyRing: KeyRing, random: Random) {
    this.#database = database;
    this.#keyRing = keyRing;
    this.#random = random;
  }

  /**
   * The cookie for a browser in which this person has just shown who they are: the one that it has, while that is good,
   * so that signing in again and again makes no further browsers.
   */
  async cookieFor(email: string, presented: string | undefined): Promise<string> {
    if (presented !== undefined && (await this.nameOf(presented, email)) !== undefined) return presented;
    const nonce = randomHex(this.#random, nonceBytes);
    const password = (await passwordHashOf(this.#database, email)) ?? '';
    return `${nonce}.${this.#mac(this.#keyRing.currentId, nonce, email, password)}`;
  }

  /** Names the browser; undefined when the cookie was not made for this person and their password. */
  async nameOf(cookie: string | undefined, email: string): Promise<string | undefined> {
    const [nonce = '', mac = ''] = (cookie ?? '').split('.');
    if (nonce.length !== 2 * nonceBytes || mac.length !== macLength) return undefined;
    const password = await passwordHashOf(this.#database, email);
    if (password === undefined) return undefined;
    const known = this.#keyRing.ids.some((id) => same(mac, this.#mac(id, nonce, email, password)));
    return known ? nonce : undefined;
  }

  /** @param password as it is stored: every new one has a salt of its own */
  #mac(keyId: string, nonce: string, email: string, password: string): string {
    const key = this.#keyRing.purposeKey(keyId, 'known-browser');
    return createHmac('sha256', key).update(`${nonce} ${email} ${password}`).digest('base64url');
  }
}

function same(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

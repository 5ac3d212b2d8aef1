import type { World } from '../world/world.ts';
import { hashOf } from './disk.ts';
import type { RegistryMirror } from './registry.ts';

/**
 * What the cloud answers over HTTP, held against what its database holds at that moment: an answer that has left is a
 * promise that the commit behind it has been made.
 */
export class AnswerRules {
  readonly #world: World;
  readonly #mirror: RegistryMirror;
  /** Code → the one answer that its claimant gets. */
  readonly #answers = new Map<string, string>();
  /** Codes redeemed without an Idempotency-Key → how often they have been answered. */
  readonly #anonymousAnswers = new Map<string, number>();

  constructor(world: World, mirror: RegistryMirror) {
    this.#world = world;
    this.#mirror = mirror;
  }

  cloudWrote(bytes: Buffer): void {
    // An answer begins with "HTTP"; what is in a tunnel does not.
    if (bytes[0] !== 0x48) return;
    const text = bytes.toString('latin1');
    const status = text.slice('HTTP/1.1 '.length, 'HTTP/1.1 201'.length);
    const body = text.slice(text.indexOf('\r\n\r\n') + 4);
    if (status === '201') this.#granted(body);
    else if (status === '200' && body.startsWith('{"device_id":')) this.#shown(body);
    else if (status === '429')
      this.#world.violate('no honest device is slowed down', 'a device was answered 429');
  }

  /** A shadow that a device is shown, or told that it has written, is one that is stored. */
  #shown(body: string): void {
    const { device_id: id, version, reported, desired } = JSON.parse(body) as ShownShadow;
    if (version === undefined) return;
    const row = this.#mirror.shadows.get(id);
    const stored = row?.version ?? 0;
    const isSame =
      row?.version !== version || (isSameJson(row.reported, reported) && isSameJson(row.desired, desired));
    if (version <= stored && isSame) return;
    const what = `the shadow of ${id} was answered at version ${version}, and ${stored} is in the database`;
    this.#world.violate('an acknowledged write is stored', isSame ? what : `${what}, with another content`);
  }

  #granted(body: string): void {
    const grant = /^\{"device_id":"([^"]+)","api_key":"([^"]+)"/.exec(body);
    if (grant === null) return;
    const [, deviceId = '', apiKey = ''] = grant;
    const credential = this.#mirror.keys.get(hashOf(apiKey));
    if (credential === undefined || credential.device_id !== deviceId) {
      this.#world.violate(
        'an answer is a commit',
        `${deviceId} was answered a key that is not in the database`,
      );
      return;
    }
    const code = [...this.#mirror.codes.values()].find(({ used_credential_id: id }) => id === credential.id);
    if (code === undefined) return;
    this.#sameAnswer(code.id, body);
    if (code.claimant_hash !== null) return;
    const count = (this.#anonymousAnswers.get(code.id) ?? 0) + 1;
    this.#anonymousAnswers.set(code.id, count);
    if (count > 1)
      this.#world.violate('a code works once', `${code.id} was answered ${count} times without a key`);
  }

  #sameAnswer(codeId: string, body: string): void {
    const before = this.#answers.get(codeId);
    this.#answers.set(codeId, body);
    if (before !== undefined && before !== body) {
      this.#world.violate('one answer a claim', `two answers for ${codeId} differ`);
    }
  }
}

interface ShownShadow {
  readonly device_id: string;
  readonly version?: number;
  readonly reported?: unknown;
  readonly desired?: unknown;
}

function isSameJson(stored: string, shown: unknown): boolean {
  return JSON.stringify(JSON.parse(stored)) === JSON.stringify(shown);
}

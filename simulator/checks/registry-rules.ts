import type { Change, CommitChanges, RegistryMirror } from './registry.ts';

type Violate = (checker: string, what: string) => void;

/** What one commit may do to the registry and what it never may, whatever came before it. */
export class RegistryRules {
  readonly #mirror: RegistryMirror;
  readonly #violate: Violate;
  /** Code → the device whose row it made. */
  readonly #madeBy = new Map<string, string>();

  constructor(mirror: RegistryMirror, violate: Violate) {
    this.#mirror = mirror;
    this.#violate = violate;
  }

  check(changes: CommitChanges): void {
    for (const change of changes.codes) this.#code(change);
    for (const change of changes.devices) this.#device(change);
    const devices = new Set<string>();
    for (const change of changes.credentials) {
      this.#credential(change);
      devices.add(change.after.device_id);
    }
    for (const id of devices) this.#oneOfEach(id);
  }

  #code({ before, after }: Change<CodeRowOf>): void {
    if (before?.state === 'used') {
      if (!isSameUse(before, after))
        this.#violate('a code is used once', `${after.id} was used and has changed`);
      return;
    }
    if (before?.state === 'revoked' && after.state !== 'revoked') {
      this.#violate('a code is used once', `${after.id} was revoked and is ${after.state}`);
    }
    if (after.state !== 'used') return;
    const credential = this.#mirror.credentials.get(after.used_credential_id ?? '');
    const hasDevice = this.#mirror.devices.has(after.used_device_id ?? '');
    if (!hasDevice || credential?.device_id !== after.used_device_id) {
      this.#violate('no code is burnt', `${after.id} is used, and its device or its key is missing`);
    }
  }

  #device({ before, after }: Change<DeviceRowOf>): void {
    if (before !== undefined || after.origin !== 'code') return;
    const code = this.#mirror.codes.get(after.code_id ?? '');
    const other = this.#madeBy.get(after.code_id ?? '');
    if (other !== undefined && other !== after.id) {
      this.#violate('at most one device a code', `${after.code_id ?? ''} made ${other} and ${after.id}`);
    }
    if (code?.state !== 'used' || code.used_device_id !== after.id) {
      this.#violate('at most one device a code', `${after.id} exists, and its code is not used for it`);
    }
    this.#madeBy.set(after.code_id ?? '', after.id);
  }

  #credential({ before, after }: Change<CredentialRowOf>): void {
    if (before === undefined) return;
    if (before.key_hash !== after.key_hash || before.device_id !== after.device_id) {
      this.#violate('a key stays the same', `${after.id} has another key or device`);
    }
    if (before.state === 'ended' && after.state !== 'ended') {
      this.#violate('a dead key stays dead', `${after.id} has come back to life`);
    }
    if (before.state === 'active' && after.state === 'issued') {
      this.#violate('the first use of a key stays', `${after.id} was used and is issued again`);
    }
  }

  #oneOfEach(deviceId: string): void {
    const living = this.#mirror.living(deviceId);
    const count = (state: string): number => living.filter((one) => one.state === state).length;
    if (count('active') > 1 || count('issued') > 1) {
      this.#violate('one key a device', `${deviceId} has ${living.map(({ state }) => state).join(' and ')}`);
    }
  }
}

function isSameUse(before: CodeRowOf, after: CodeRowOf): boolean {
  const kept = [
    'state',
    'used_device_id',
    'used_credential_id',
    'claimant_hash',
    'answer_expires_at_ms',
  ] as const;
  return kept.every((member) => before[member] === after[member]);
}

type CodeRowOf = CommitChanges['codes'][number]['after'];
type DeviceRowOf = CommitChanges['devices'][number]['after'];
type CredentialRowOf = CommitChanges['credentials'][number]['after'];

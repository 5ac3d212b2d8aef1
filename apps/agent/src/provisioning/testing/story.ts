import { problemFor, type ErrorCode } from '@edgeflow/contract';
import { SeededRandom } from '@edgeflow/platform/simulated';
import {
  codeMark,
  type Identity,
  type PendingClaim,
  replaceKeepingOld,
  settingsMark,
  type VaultReading,
} from '../../identity/index.ts';
import type { TunnelCredential } from '../../tunnel/model.ts';
import { newLife, stepLife } from '../machine.ts';
import type {
  ClaimOutcome,
  IdentityWrite,
  LifeEffect,
  LifeEvent,
  LifeSettings,
  LifeState,
  ProvisionReply,
} from '../model.ts';

export const cloud = 'https://cloud.example:8443';
export const codeA = 'PROV-AAAA-AAAA';
export const codeB = 'PROV-BBBB-BBBB';
const savedAt = '2026-02-21T12:00:00Z';

/** An identity as it would be on disk. */
export function identity(deviceId: string, more: Partial<Identity> & { madeBy?: string } = {}): Identity {
  const { madeBy, ...members } = more;
  const mark = madeBy === undefined ? {} : { code_mark: codeMark(new SeededRandom(1), madeBy) };
  const key = `efk_${deviceId}`;
  const base = { cloud, device_id: deviceId, api_key: key, expires_at: null, saved_at: savedAt };
  return { ...base, source: 'provisioned', ...mark, ...members };
}

export function pendingClaim(code: string, more: Partial<PendingClaim> = {}): PendingClaim {
  return { cloud, code, claim_secret: 's'.repeat(43), created_at: savedAt, ...more };
}

export function grantFor(deviceId: string): ClaimOutcome {
  return { kind: 'redeemed', grant: { deviceId, apiKey: `efk_${deviceId}`, expiresAt: null } };
}

export function refusal(code: ErrorCode, isOver = true): ClaimOutcome {
  return { kind: 'refused', problem: problemFor(code, 'req_1'), isOver };
}

export function noAnswerFor(retryAfterSeconds: number | undefined): ClaimOutcome {
  const problem = { code: 'cloud_unreachable', message: 'No way there.', nextStep: 'Check the network.' };
  return { kind: 'later', problem, retryAfterSeconds };
}

export const noAnswer = noAnswerFor(undefined);

export const diskFull = {
  code: 'state_folder_unusable',
  message: 'The disk is full.',
  nextStep: 'Free some space.',
};

interface Beginning {
  readonly identity?: Identity;
  readonly claim?: PendingClaim;
  readonly code?: string;
  readonly settings?: Partial<LifeSettings>;
  readonly identityReading?: VaultReading<Identity>;
  /** The first reading of the claim fails; the next finds `claim`. */
  readonly claimUnread?: VaultReading<PendingClaim>;
}

/**
 * Plays the machine against a disk that works, unless told otherwise: what it asks to be stored is stored at once.
 * Everything else (answers, tunnel, timers) is up to the test.
 */
export class Story {
  state: LifeState;
  /** Everything asked for, in order. */
  readonly effects: LifeEffect[] = [];
  stored: Identity | undefined;
  /** Set to make the disk refuse. */
  isDiskFull = false;
  /** Set to make the disk answer only when {@link catchUp} is called. */
  isDiskSlow = false;
  readonly #waitingForDisk: LifeEffect[] = [];
  /** Whether the claim that was last asked for is on disk. */
  isClaimDurable = false;
  /** Sees each effect at the moment it is asked for, before the disk does anything about it. */
  onEffect: (effect: LifeEffect) => void = () => undefined;
  readonly #beginning: Beginning;
  #pending: PendingClaim | undefined;
  #writes = 0;

  constructor(beginning: Beginning = {}) {
    this.#beginning = beginning;
    this.stored = beginning.identity;
    this.#pending = beginning.claim;
    const settings = { cloud, board: undefined, explicit: undefined, ...beginning.settings };
    this.state = newLife(settings);
    this.configure(beginning.code);
    this.send({ type: 'start' });
  }

  /** @returns what this event, and the disk's answers to it, brought about. */
  send(event: LifeEvent): LifeEffect[] {
    const from = this.effects.length;
    const waiting: LifeEvent[] = [event];
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const step = stepLife(this.state, next);
      this.state = step.state;
      this.effects.push(...step.effects);
      for (const effect of step.effects) {
        if (effect.type === 'open_claim') this.isClaimDurable = false;
        this.onEffect(effect);
      }
      if (this.isDiskSlow) this.#waitingForDisk.push(...step.effects);
      else waiting.push(...step.effects.flatMap((effect) => this.#disk(effect)));
    }
    return this.effects.slice(from);
  }

  /** A slow disk does the next thing it was asked for, or with `all` everything, and is slow no more. */
  catchUp(all = false): void {
    if (all) this.isDiskSlow = false;
    while (this.#waitingForDisk.length > 0) {
      const effect = this.#waitingForDisk.shift();
      const answers = effect === undefined ? [] : this.#disk(effect);
      for (const answer of answers) this.send(answer);
      if (answers.length > 0 && !all) return;
    }
  }

  configure(code: string | undefined): LifeEffect[] {
    return this.send({ type: 'code_configured', code, problem: undefined });
  }

  /** Answers the claim that is under way. */
  answer(outcome: ClaimOutcome): LifeEffect[] {
    const { claim } = this.state;
    return this.send({ type: 'claim_answered', attempt: 'attempt' in claim ? claim.attempt : -1, outcome });
  }

  online(): LifeEffect[] {
    return this.send({ type: 'tunnel_online', credential: this.using });
  }

  refuse(code: ErrorCode = 'key_rejected'): LifeEffect[] {
    return this.send({ type: 'tunnel_refused', credential: this.using, problem: { code, message: code } });
  }

  get using(): TunnelCredential {
    return this.state.tunnel.using ?? { deviceId: '', apiKey: '' };
  }

  /** What was presented to the cloud, in order. */
  get presented(): string[] {
    return this.effects.filter((e) => e.type === 'use').map((e) => `${e.credential.apiKey} ${e.when}`);
  }

  get sends(): number {
    return this.effects.filter(({ type }) => type === 'send_claim').length;
  }

  get replies(): ProvisionReply[] {
    return this.effects.filter((e) => e.type === 'reply').map((e) => e.reply);
  }

  /** Other effects are none of the disk's business. */
  #disk(effect: LifeEffect): LifeEvent[] {
    if (effect.type === 'load') return [this.#loaded()];
    if (effect.type === 'open_claim') return [this.#openClaim(effect.code, effect.replaces)];
    if (effect.type === 'write_identity') return [this.#writeIdentity(effect.write)];
    if (effect.type === 'finish_claim') this.#pending = undefined;
    return [];
  }

  #openClaim(code: string, replaces: boolean): LifeEvent {
    if (this.isDiskFull) return { type: 'claim_not_opened', problem: diskFull };
    if (replaces || this.#pending === undefined) this.#pending = pendingClaim(code);
    this.isClaimDurable = true;
    return { type: 'claim_opened', code: this.#pending.code };
  }

  #writeIdentity(write: IdentityWrite): LifeEvent {
    if (this.isDiskFull) return { type: 'not_stored', write, problem: diskFull };
    this.stored = this.#write(write);
    return { type: 'stored', write, identity: this.stored };
  }

  #loaded(): LifeEvent {
    const { claim, identityReading, claimUnread } = this.#beginning;
    const isFirst = this.effects.filter(({ type }) => type === 'load').length === 1;
    const read = <T>(value: T | undefined): VaultReading<T> =>
      value === undefined ? { kind: 'absent' } : { kind: 'opened', value, notices: [] };
    const claimed = isFirst ? (claimUnread ?? read(claim)) : read(claim);
    return { type: 'loaded', identity: identityReading ?? read(this.stored), claim: claimed };
  }

  #write(write: IdentityWrite): Identity | undefined {
    this.#writes += 1;
    switch (write.kind) {
      case 'grant': {
        const { deviceId, apiKey, expiresAt } = write.grant;
        const mark = codeMark(new SeededRandom(this.#writes), write.code);
        const credentials = {
          cloud,
          device_id: deviceId,
          api_key: apiKey,
          expires_at: expiresAt,
          code_mark: mark,
        };
        return replaceKeepingOld(this.stored, { ...credentials, source: 'provisioned' }, savedAt);
      }
      case 'settings': {
        const { deviceId, apiKey } = write.credentials;
        const mark = settingsMark(write.credentials);
        const credentials = {
          cloud,
          device_id: deviceId,
          api_key: apiKey,
          expires_at: null,
          settings_mark: mark,
        };
        return replaceKeepingOld(this.stored, { ...credentials, source: 'settings' }, savedAt);
      }
      case 'given': {
        const { deviceId, apiKey } = write;
        const credentials = { cloud, device_id: deviceId, api_key: apiKey, expires_at: null };
        return replaceKeepingOld(this.stored, { ...credentials, source: 'settings' }, savedAt);
      }
      case 'offer':
      case 'proof':
        return this.stored === write.seen ? { ...write.next } : this.stored;
    }
  }
}

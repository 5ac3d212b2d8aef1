import { errorEntry } from '@edgeflow/contract';
import { backoff } from '../delay.ts';
import {
  compareBoards,
  type Identity,
  isSeededBy,
  type PendingClaim,
  type VaultReading,
  type VaultUnreadable,
} from '../identity/index.ts';
import { candidatesOf } from './candidates.ts';
import {
  considerCode,
  hasMadeIdentity,
  keepGrant,
  onClaimEvent,
  onClaimTimer,
  onGrantNotStored,
  onGrantStored,
  startClaim,
} from './claiming.ts';
import { forgetClaim } from './forgetting.ts';
import type {
  LifeEffect,
  LifeEvent,
  LifeSettings,
  LifeState,
  LifeStep,
  LifeTimer,
  Problem,
  VaultState,
} from './model.ts';
import {
  endRound,
  forgetOldRefusals,
  onProofFailed,
  onTunnelEvent,
  present,
  prove,
  writeProof,
} from './presenting.ts';
import { onOfferAnswered, onOfferStored, saveOffer } from './rotation.ts';
import { go, inTurn, stay } from './step.ts';

/**
 * The life of an identity: from a code, or from settings, to credentials that the cloud has accepted, and from those
 * to the next ones.
 *
 * Guarantees, whatever the order of events:
 * - a claim is durable before its first byte is sent, and credentials are before the tunnel presents them;
 * - every repeat of a claim is the same claim, and goes on until there is a final answer;
 * - credentials are given up only when others of this device have received `connected`;
 * - nothing is presented to another origin than the one that issued it.
 */
// eslint-disable-next-line complexity -- one line for each event, and no decision
export function stepLife(state: LifeState, event: LifeEvent): LifeStep {
  switch (event.type) {
    case 'start':
      return go(state, { type: 'load' });
    case 'loaded':
      return state.vault.kind === 'loading' ? onLoaded(state, event) : stay(state);
    case 'stored':
      return inTurn(state, (s) => onStored(s, event), forgetClaim);
    case 'not_stored':
      return onNotStored(state, event);
    case 'timer':
      return onTimer(state, event.timer);
    case 'code_configured':
    case 'asked':
    case 'given':
    case 'claim_opened':
    case 'claim_not_opened':
    case 'claim_answered':
      return onClaimEvent(state, event);
    case 'tunnel_wanted':
    case 'tunnel_online':
    case 'tunnel_offline':
    case 'tunnel_refused':
    case 'key_offered':
    case 'offer_answered':
      return inTurn(state, (s) => onTunnelEvent(s, event), forgetClaim, considerCode);
  }
}

/** Before `start`. */
export function newLife(settings: LifeSettings): LifeState {
  return {
    settings,
    code: undefined,
    codeProblem: undefined,
    refusedCode: undefined,
    vault: { kind: 'loading', attempt: 0, problem: undefined },
    identity: undefined,
    seeding: 'none',
    proof: undefined,
    isTakingOver: false,
    writeAttempts: 0,
    writeProblem: undefined,
    claim: { kind: 'none' },
    leftover: undefined,
    tunnel: { isWanted: true, using: undefined, status: 'idle', refused: [], problem: undefined },
    offer: undefined,
    notice: undefined,
  };
}

type Event<T extends LifeEvent['type']> = Extract<LifeEvent, { readonly type: T }>;

function onLoaded(state: LifeState, { identity, claim }: Event<'loaded'>): LifeStep {
  // A claim may be all that this device has to say who it is here; beside an identity it can wait for the next start.
  const { cloud, explicit } = state.settings;
  const known = candidatesOf(identity.kind === 'opened' ? identity.value : undefined, cloud);
  const isClaimNeeded = known.length === 0 && explicit === undefined;
  const passing = [identity, ...(isClaimNeeded ? [claim] : [])].find(isPassing);
  if (passing !== undefined) {
    const attempt = state.vault.kind === 'loading' ? state.vault.attempt : 0;
    return go(
      { ...state, vault: { kind: 'loading', attempt: attempt + 1, problem: unreadable(passing) } },
      { type: 'set_timer', timer: 'load', delay: backoff(attempt) },
    );
  }
  const opened: LifeState = {
    ...state,
    vault: vaultState(identity),
    identity: identity.kind === 'opened' ? identity.value : undefined,
    notice: claim.kind === 'unreadable' ? unreadable(claim) : undefined,
  };
  const pending = claim.kind === 'opened' ? claim.value : undefined;
  return inTurn(opened, seed, (s) => resume(s, pending), present, considerCode);
}

/** Configured credentials win over stored ones, unless those are their successors. */
function seed(state: LifeState): LifeStep {
  const { explicit } = state.settings;
  if (explicit === undefined || isSeededBy(state.identity, explicit)) return stay(state);
  return writeSettings({ ...state, seeding: 'needed' });
}

function writeSettings(state: LifeState): LifeStep {
  const { explicit } = state.settings;
  if (explicit === undefined || state.seeding !== 'needed') return stay(state);
  return go(
    { ...state, seeding: 'writing' },
    { type: 'write_identity', write: { kind: 'settings', credentials: explicit } },
  );
}

/** Goes on with the claim that was pending when the process before this one ended. */
function resume(state: LifeState, pending: PendingClaim | undefined): LifeStep {
  if (pending === undefined || state.settings.explicit !== undefined) return stay(state);
  if (pending.cloud !== state.settings.cloud) {
    const isSettled = state.code !== undefined || state.identity !== undefined;
    return stay(isSettled ? state : { ...state, notice: pendingElsewhere(pending.cloud) });
  }
  // Its identity is durable already; only the forgetting is left.
  if (hasMadeIdentity(state, pending.code)) return stay({ ...state, leftover: pending.code });
  if (state.vault.kind === 'unreadable' && state.vault.isWaiting) return stay(state);
  const isCopied = compareBoards(pending.board, state.settings.board) === 'different';
  const code = isCopied ? (state.code ?? pending.code) : pending.code;
  return startClaim(state, code, { resumes: true });
}

function onStored(state: LifeState, { write, identity }: Event<'stored'>): LifeStep {
  const held = forgetOldRefusals({ ...state, identity, writeProblem: undefined, writeAttempts: 0 });
  switch (write.kind) {
    case 'grant':
      return inTurn(held, onGrantStored, present);
    case 'given': {
      const known: LifeState = { ...held, isTakingOver: false, vault: { kind: 'open' }, notice: undefined };
      const reply: LifeEffect = { type: 'reply', id: write.asked, reply: { kind: 'stored' } };
      return inTurn(known, (s) => go(s, reply), present);
    }
    case 'settings':
      return inTurn({ ...held, seeding: 'none', vault: { kind: 'open' } }, present, considerCode);
    case 'offer':
      return onOfferStored(held, undefined);
    case 'proof':
      return inTurn({ ...held, proof: undefined }, prove, saveOffer, keepGrant, present);
  }
}

function onNotStored(state: LifeState, { write, problem }: Event<'not_stored'>): LifeStep {
  switch (write.kind) {
    case 'grant':
      return inTurn(state, (s) => onGrantNotStored(s, problem), present);
    case 'given':
      return inTurn(
        { ...state, isTakingOver: false },
        (s) => go(s, { type: 'reply', id: write.asked, reply: { kind: 'failed', problem, goesOn: false } }),
        present,
      );
    case 'settings':
      return go(
        { ...state, seeding: 'needed', writeProblem: problem, writeAttempts: state.writeAttempts + 1 },
        { type: 'set_timer', timer: 'write', delay: backoff(state.writeAttempts) },
      );
    case 'offer':
      return onOfferStored(state, problem);
    case 'proof':
      return onProofFailed(state, problem);
  }
}

function onTimer(state: LifeState, timer: LifeTimer): LifeStep {
  switch (timer) {
    case 'load':
      return state.vault.kind === 'loading' ? go(state, { type: 'load' }) : stay(state);
    case 'claim':
      return onClaimTimer(state);
    case 'write':
      return inTurn(state, writeSettings, writeProof, keepGrant);
    case 'offer':
      return inTurn(state, (s) => onOfferAnswered(s, undefined), present, endRound, considerCode);
  }
}

function vaultState(reading: VaultReading<Identity>): VaultState {
  if (reading.kind !== 'unreadable') return { kind: 'open' };
  return { kind: 'unreadable', problem: unreadable(reading), isWaiting: reading.reason === 'newer_version' };
}

/** Reading it again may be enough. */
function isPassing(reading: VaultReading<unknown>): reading is VaultUnreadable {
  return reading.kind === 'unreadable' && (reading.reason === 'permission' || reading.reason === 'io');
}

function unreadable(reading: { readonly detail: string; readonly nextStep: string }): Problem {
  return { code: 'vault_unreadable', message: reading.detail, nextStep: reading.nextStep };
}

function pendingElsewhere(cloud: string): Problem {
  return {
    code: 'code_missing',
    message: `A registration with ${cloud} has no final answer yet, but EDGEFLOW_SAAS_URL names another cloud.`,
    nextStep: `Set EDGEFLOW_SAAS_URL to ${cloud} again, or ${errorEntry('code_missing').nextStep}`,
  };
}

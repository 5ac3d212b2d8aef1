import { backoff, imposed, slowly } from '../delay.ts';
import { isMadeByCode } from '../identity/index.ts';
import { candidatesOf } from './candidates.ts';
import type {
  ClaimOutcome,
  ClaimState,
  LifeEffect,
  LifeEvent,
  LifeState,
  LifeStep,
  Problem,
  ProvisionReply,
} from './model.ts';
import { go, inTurn, stay } from './step.ts';
import { withholdUnproven } from './withholding.ts';

/**
 * A claim: a code on its way to becoming an identity.
 *
 * Guarantees: nothing is sent before the claim is durable (`claim_opened`); every repeat is the same claim; a
 * redeemed answer is stored, for as long as that takes, before anything else happens with it; the claim is forgotten
 * last, when its credentials have received `connected`; one claim at a time, so a changed code waits for the final answer to the one before.
 */

type Event<T extends LifeEvent['type']> = Extract<LifeEvent, { readonly type: T }>;

export type ClaimEvent = Event<
  'code_configured' | 'asked' | 'given' | 'claim_opened' | 'claim_not_opened' | 'claim_answered'
>;

export function onClaimEvent(state: LifeState, event: ClaimEvent): LifeStep {
  switch (event.type) {
    case 'code_configured':
      return onCodeConfigured(state, event);
    case 'asked':
      return onAsked(state, event);
    case 'given':
      return onGiven(state, event);
    case 'claim_opened':
      return onClaimOpened(state, event);
    case 'claim_not_opened':
      return onClaimNotOpened(state, event);
    case 'claim_answered':
      return onClaimAnswered(state, event);
  }
}

/** Claims with a code. `resumes`: the claim on disk is for it; otherwise it is given up for the new one. */
export function startClaim(
  state: LifeState,
  code: string,
  { asked, resumes }: { asked?: number; resumes: boolean },
): LifeStep {
  const replaces = !resumes;
  const claim: ClaimState = { kind: 'opening', code, asked, attempt: 0, replaces, problem: undefined };
  return go(
    { ...state, claim },
    { type: 'clear_timer', timer: 'claim' },
    { type: 'open_claim', code, replaces },
  );
}

/** Whether the configured code is to be used now, decided anew whenever something it depends on has changed. */
export function considerCode(state: LifeState): LifeStep {
  const { code, claim, identity } = state;
  if (code === undefined || code === state.refusedCode || isClaiming(claim)) return stay(state);
  if (state.vault.kind === 'loading' || state.seeding !== 'none') return stay(state);
  if (state.vault.kind === 'unreadable' && state.vault.isWaiting) return stay(state);
  if (identity !== undefined && !mayReplace(state, code)) return stay(state);
  return startClaim(state, code, { resumes: isKeptFor(claim, code) });
}

function isKeptFor(claim: ClaimState, code: string): boolean {
  return claim.kind === 'refused' && claim.isKept && claim.code === code;
}

/** An identity gives way to a configured code only when it is of no use here, and only to a code it did not make. */
function mayReplace(state: LifeState, code: string): boolean {
  const isUseless =
    state.tunnel.status === 'refused' || candidatesOf(state.identity, state.settings.cloud).length === 0;
  return isUseless && !hasMadeIdentity(state, code);
}

/** Whether this code made the identity, or the one kept beside it. */
export function hasMadeIdentity({ identity }: LifeState, code: string): boolean {
  if (identity === undefined) return false;
  return (
    isMadeByCode(identity, code) || (identity.previous !== undefined && isMadeByCode(identity.previous, code))
  );
}

export function isClaiming(claim: ClaimState): boolean {
  return claim.kind !== 'none' && claim.kind !== 'refused';
}

function onCodeConfigured(state: LifeState, { code, setting, problem }: Event<'code_configured'>): LifeStep {
  const configured: LifeState = { ...state, code, codeSetting: setting, codeProblem: problem };
  return code === state.code ? stay(configured) : considerCode({ ...configured, refusedCode: undefined });
}

/** A person asks, through the local API. */
function onAsked(state: LifeState, event: Event<'asked'>): LifeStep {
  const { id, code, force } = event;
  const { claim } = state;
  const reply = declined(state) ?? (isProvisioned(state) && !force ? already : undefined);
  if (reply !== undefined) return go(state, { type: 'reply', id, reply });
  return startClaim(state, code, { asked: id, resumes: isKeptFor(claim, code) });
}

/** The device's old credentials are kept until these have received `connected`, as with every replacement. */
function onGiven(state: LifeState, { id, deviceId, apiKey }: Event<'given'>): LifeStep {
  const reply = declined(state);
  if (reply !== undefined) return go(state, { type: 'reply', id, reply });
  return inTurn({ ...state, isTakingOver: true }, withholdUnproven, (s) =>
    go(s, { type: 'write_identity', write: { kind: 'given', asked: id, deviceId, apiKey } }),
  );
}

const already: ProvisionReply = { kind: 'declined', code: 'already_provisioned' };

/** Why no identity can be made now, whoever asks. */
function declined(state: LifeState): ProvisionReply | undefined {
  const { vault, claim, seeding, proof, isTakingOver } = state;
  const stuck = vault.kind === 'loading' ? vault.problem : state.writeProblem;
  if (stuck !== undefined) return { kind: 'failed', problem: stuck, goesOn: false };
  const isBusy =
    vault.kind === 'loading' ||
    isClaiming(claim) ||
    seeding !== 'none' ||
    proof !== undefined ||
    isTakingOver;
  return isBusy ? { kind: 'declined', code: 'provisioning_in_progress' } : undefined;
}

function isProvisioned({ identity, vault }: LifeState): boolean {
  return identity !== undefined || (vault.kind === 'unreadable' && vault.isWaiting);
}

function onClaimOpened(state: LifeState, { code }: Event<'claim_opened'>): LifeStep {
  const { claim } = state;
  if (claim.kind !== 'opening') return stay(state);
  const { attempt, problem } = claim;
  // An older claim came up instead, which has to have its answer first.
  const isOther = code !== claim.code;
  const reply: LifeEffect[] =
    isOther && claim.asked !== undefined
      ? [{ type: 'reply', id: claim.asked, reply: { kind: 'declined', code: 'provisioning_in_progress' } }]
      : [];
  const asked = isOther ? undefined : claim.asked;
  return go(
    { ...state, leftover: undefined, claim: { kind: 'sending', code, asked, attempt, problem } },
    ...reply,
    { type: 'send_claim', attempt },
  );
}

function onClaimNotOpened(state: LifeState, { problem }: Event<'claim_not_opened'>): LifeStep {
  const { claim } = state;
  if (claim.kind !== 'opening') return stay(state);
  if (claim.asked !== undefined) {
    // Nothing was sent: the person hears why, and it is as if they had not asked.
    const reply = { kind: 'failed', problem, goesOn: false } as const;
    return go({ ...state, claim: { kind: 'none' } }, { type: 'reply', id: claim.asked, reply });
  }
  const { code, attempt, replaces } = claim;
  return go(
    { ...state, claim: { kind: 'blocked', code, asked: undefined, attempt: attempt + 1, replaces, problem } },
    { type: 'set_timer', timer: 'claim', delay: backoff(attempt) },
  );
}

function onClaimAnswered(state: LifeState, { attempt, outcome }: Event<'claim_answered'>): LifeStep {
  const { claim } = state;
  if (claim.kind !== 'sending' || claim.attempt !== attempt) return stay(state);
  switch (outcome.kind) {
    case 'redeemed': {
      const { code, asked } = claim;
      const { grant } = outcome;
      const kept = {
        kind: 'keeping',
        code,
        asked,
        attempt,
        grant,
        isWriting: false,
        problem: undefined,
      } as const;
      return keepGrant({ ...state, claim: kept });
    }
    case 'refused':
      return refused(state, claim, outcome);
    case 'later': {
      const { problem, retryAfterSeconds: seconds } = outcome;
      const delay = seconds === undefined ? backoff(attempt) : imposed(seconds, attempt);
      const { code } = claim;
      return go(
        { ...state, claim: { kind: 'waiting', code, asked: undefined, attempt: attempt + 1, problem } },
        ...failed(claim.asked, problem),
        { type: 'set_timer', timer: 'claim', delay },
      );
    }
  }
}

function refused(
  state: LifeState,
  claim: Extract<ClaimState, { kind: 'sending' }>,
  { problem, isOver }: Extract<ClaimOutcome, { kind: 'refused' }>,
): LifeStep {
  const { code, asked } = claim;
  const shown: Problem = { code: problem.code, message: problem.detail, nextStep: problem.next_step };
  const effects: LifeEffect[] = [];
  if (asked !== undefined) effects.push({ type: 'reply', id: asked, reply: { kind: 'refused', problem } });
  if (isOver) effects.push({ type: 'finish_claim' });
  // Somebody may change what stands in the way; then the same claim, repeated, still brings its key.
  else effects.push({ type: 'set_timer', timer: 'claim', delay: slowly });
  const refusedCode = code === state.code ? code : state.refusedCode;
  const settled: LifeState = {
    ...state,
    refusedCode,
    claim: { kind: 'refused', code, problem: shown, isKept: !isOver },
  };
  return inTurn(settled, (reached) => go(reached, ...effects), considerCode);
}

/**
 * Stores new credentials. What the present ones have proven has to be durable first: new ones push out what has not
 * been proven.
 */
export function keepGrant(state: LifeState): LifeStep {
  const { claim } = state;
  if (claim.kind !== 'keeping' || claim.isWriting || state.proof !== undefined) return stay(state);
  const { grant, code } = claim;
  return inTurn({ ...state, claim: { ...claim, isWriting: true } }, withholdUnproven, (s) =>
    go(s, { type: 'write_identity', write: { kind: 'grant', grant, code } }),
  );
}

/** The new credentials are durable. The tunnel may open; the claim is forgotten last, see `forgetClaim`. */
export function onGrantStored(state: LifeState): LifeStep {
  const { claim } = state;
  if (claim.kind !== 'keeping') return stay(state);
  const { grant, asked, code } = claim;
  const reply: LifeEffect[] =
    asked === undefined ? [] : [{ type: 'reply', id: asked, reply: { kind: 'redeemed', grant } }];
  return go(
    { ...state, claim: { kind: 'none' }, leftover: code, vault: { kind: 'open' }, notice: undefined },
    ...reply,
  );
}

/** The disk refused the credentials. They stay in memory, and the claim on disk would bring them again. */
export function onGrantNotStored(state: LifeState, problem: Problem): LifeStep {
  const { claim } = state;
  if (claim.kind !== 'keeping') return stay(state);
  const { attempt } = claim;
  return go(
    { ...state, claim: { ...claim, asked: undefined, attempt: attempt + 1, isWriting: false, problem } },
    ...failed(claim.asked, problem),
    { type: 'set_timer', timer: 'claim', delay: backoff(attempt) },
  );
}

export function onClaimTimer(state: LifeState): LifeStep {
  const { claim } = state;
  switch (claim.kind) {
    case 'blocked': {
      const { code, replaces } = claim;
      return go({ ...state, claim: { ...claim, kind: 'opening' } }, { type: 'open_claim', code, replaces });
    }
    case 'waiting':
      return go(
        { ...state, claim: { ...claim, kind: 'sending' } },
        { type: 'send_claim', attempt: claim.attempt },
      );
    case 'keeping':
      return keepGrant(state);
    case 'refused':
      return claim.isKept ? startClaim(state, claim.code, { resumes: true }) : stay(state);
    case 'none':
    case 'opening':
    case 'sending':
      return stay(state);
  }
}

function failed(asked: number | undefined, problem: Problem): LifeEffect[] {
  if (asked === undefined) return [];
  return [{ type: 'reply', id: asked, reply: { kind: 'failed', problem, goesOn: true } }];
}

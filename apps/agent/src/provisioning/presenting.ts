import { errorEntry } from '@edgeflow/contract';
import { backoff } from '../delay.ts';
import type { TunnelCredential } from '../tunnel/model.ts';
import { type Candidate, candidatesOf, isSameCredential, proven } from './candidates.ts';
import type { LifeEvent, LifeState, LifeStep, Problem, Refusal, TunnelView } from './model.ts';
import { answerOffer, onOffer, onOfferAnswered } from './rotation.ts';
import { go, inTurn, stay } from './step.ts';
import { isReplacing } from './withholding.ts';

/**
 * Which credential the tunnel presents, and what its answers prove.
 *
 * A round tries the candidates in their order, each refused one at once followed by the next. When all of them have
 * been refused the round is over: the tunnel stays away for minutes, then begins with the first again.
 */

type Event<T extends LifeEvent['type']> = Extract<LifeEvent, { readonly type: T }>;

export type TunnelLifeEvent = Event<
  'tunnel_wanted' | 'tunnel_online' | 'tunnel_offline' | 'tunnel_refused' | 'key_offered' | 'offer_answered'
>;

export function onTunnelEvent(state: LifeState, event: TunnelLifeEvent): LifeStep {
  switch (event.type) {
    case 'tunnel_wanted':
      return onWanted(state, event);
    case 'tunnel_online':
      return onOnline(state, event);
    case 'tunnel_offline':
      return onOffline(state, event);
    case 'tunnel_refused':
      return onRefused(state, event);
    case 'key_offered':
      return onOffer(state, event);
    case 'offer_answered':
      return inTurn(state, (s) => onOfferAnswered(s, event.id), present, endRound);
  }
}

/** Has the tunnel use the best candidate that has not been refused, if it does not do so already. */
export function present(state: LifeState): LifeStep {
  const { tunnel } = state;
  if (!tunnel.isWanted || state.seeding !== 'none' || state.offer !== undefined || isReplacing(state))
    return stay(state);
  const candidates = candidatesOf(state.identity, state.settings.cloud);
  if (candidates.length === 0) {
    if (tunnel.using === undefined) return stay(state);
    return go(withTunnel(state, { using: undefined, status: 'idle', refused: [] }), { type: 'stop_tunnel' });
  }
  const best = candidates.find(({ credential }) => !isRefused(tunnel, credential));
  if (best === undefined || isSameCredential(best.credential, tunnel.using)) return stay(state);
  const { credential } = best;
  return go(withTunnel(state, { using: credential, status: 'trying' }), {
    type: 'use',
    credential,
    when: 'now',
  });
}

function onWanted(state: LifeState, { isWanted }: Event<'tunnel_wanted'>): LifeStep {
  // Who is online already has what was asked for; who waits for another attempt makes it now.
  if (isWanted && state.tunnel.isWanted && state.tunnel.status === 'online') return stay(state);
  const idle = { using: undefined, status: 'idle', refused: [], problem: undefined } as const;
  const changed = withTunnel(state, { ...idle, isWanted });
  return isWanted ? present(changed) : go(changed, { type: 'stop_tunnel' });
}

function onOnline(state: LifeState, { credential }: Event<'tunnel_online'>): LifeStep {
  if (!isSameCredential(credential, state.tunnel.using)) return stay(state);
  const refused = state.tunnel.refused.filter((refusal) => !isSameCredential(refusal.credential, credential));
  const online = withTunnel(state, { status: 'online', problem: undefined, refused });
  // A claim that was refused meanwhile is history now, unless it is still going to be repeated.
  const isHistory = online.claim.kind === 'refused' && !online.claim.isKept;
  return prove(isHistory ? { ...online, claim: { kind: 'none' } } : online);
}

function onOffline(state: LifeState, { problem }: Event<'tunnel_offline'>): LifeStep {
  if (state.tunnel.using === undefined) return stay(state);
  const refused = state.tunnel.status === 'refused' ? [] : state.tunnel.refused;
  return stay(withTunnel(state, { status: 'trying', problem, refused }));
}

/** Afterwards `tunnel.status` is `refused` if this was the last one of its round. */
function onRefused(state: LifeState, event: Event<'tunnel_refused'>): LifeStep {
  const { credential, problem } = event;
  const { tunnel } = state;
  if (!isSameCredential(credential, tunnel.using)) return stay(state);
  const before = tunnel.status === 'refused' ? [] : tunnel.refused;
  const refused = [...before, ...alsoRefused(state, { credential, problem })];
  return inTurn(withTunnel(state, { status: 'trying', refused, problem }), present, endRound);
}

/** The cloud knew the key and refused its device: then the device's other key is no way in either. */
function alsoRefused(state: LifeState, refusal: Refusal): Refusal[] {
  if (refusal.problem.code === 'key_rejected') return [refusal];
  return candidatesOf(state.identity, state.settings.cloud)
    .filter(({ credential }) => credential.deviceId === refusal.credential.deviceId)
    .map(({ credential }) => ({ credential, problem: refusal.problem }));
}

export function endRound(state: LifeState): LifeStep {
  const { tunnel } = state;
  const [first, ...others] = candidatesOf(state.identity, state.settings.cloud);
  const isOver = first !== undefined && [first, ...others].every((c) => isRefused(tunnel, c.credential));
  if (!isOver || state.offer !== undefined) return stay(state);
  const { credential } = first;
  const waiting = withTunnel(state, { status: 'refused', using: credential });
  return go(waiting, { type: 'use', credential, when: 'slowly' });
}

/** Makes durable what a `connected` has proven, and lets go of what it has outlived. */
export function prove(state: LifeState): LifeStep {
  const { identity, tunnel, settings } = state;
  if (identity === undefined || tunnel.status !== 'online' || state.proof !== undefined) return stay(state);
  const candidates = candidatesOf(identity, settings.cloud);
  const rank = candidates.findIndex(({ credential }) => isSameCredential(credential, tunnel.using));
  const winner = candidates[rank];
  if (winner === undefined) return stay(state);
  // Something better has turned up since: it is tried first, and what it proves counts.
  if (candidates.slice(0, rank).some((better) => !isRefused(tunnel, better.credential))) return stay(state);
  const next = proven(identity, winner, settings.cloud);
  if (next === identity) return stay(state);
  const isFallback = winner.of === 'previous' && identity.cloud === settings.cloud;
  const notice = isFallback ? fallenBack(state, winner) : state.notice;
  return writeProof({ ...state, notice, proof: { seen: identity, next, isWriting: false } });
}

/** Writes a proof that waits; one about an identity that has changed since is void. */
export function writeProof(state: LifeState): LifeStep {
  const { proof } = state;
  if (proof === undefined || proof.isWriting) return stay(state);
  if (proof.seen !== state.identity) return stay({ ...state, proof: undefined });
  const { seen, next } = proof;
  return go(
    { ...state, proof: { ...proof, isWriting: true } },
    { type: 'write_identity', write: { kind: 'proof', seen, next } },
  );
}

export function onProofFailed(state: LifeState, problem: Problem): LifeStep {
  const proof = state.proof && { ...state.proof, isWriting: false };
  const failed = { ...state, proof, writeProblem: problem, writeAttempts: state.writeAttempts + 1 };
  return inTurn(
    failed,
    (s) => go(s, { type: 'set_timer', timer: 'write', delay: backoff(state.writeAttempts) }),
    (s) => (s.offer?.stage === 'waiting' ? answerOffer(s, problem) : stay(s)),
  );
}

/** Forgets refusals of keys that are held no more. */
export function forgetOldRefusals(state: LifeState): LifeState {
  const held = candidatesOf(state.identity, state.settings.cloud);
  const refused = state.tunnel.refused.filter((refusal) =>
    held.some(({ credential }) => isSameCredential(credential, refusal.credential)),
  );
  return withTunnel(state, { refused });
}

function fallenBack(state: LifeState, winner: Candidate): Problem {
  const refusal = state.tunnel.refused[0]?.problem;
  const code = refusal?.code ?? 'key_rejected';
  const refusedId = state.identity?.device_id ?? '';
  const { deviceId } = winner.credential;
  return {
    code,
    message: `The new identity ${refusedId} was refused (${code}); the device goes on as ${deviceId}.`,
    nextStep: errorEntry(code).nextStep,
  };
}

function isRefused(tunnel: TunnelView, credential: TunnelCredential): boolean {
  return tunnel.refused.some((refusal) => isSameCredential(refusal.credential, credential));
}

function withTunnel(state: LifeState, change: Partial<TunnelView>): LifeState {
  return { ...state, tunnel: { ...state.tunnel, ...change } };
}

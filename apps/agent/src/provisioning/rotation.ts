import { exactly } from '../delay.ts';
import { candidatesOf, isSameCredential, withOfferedKey } from './candidates.ts';
import type { LifeEvent, LifeState, LifeStep, OfferState, Problem } from './model.ts';
import { go, inTurn, stay } from './step.ts';

/**
 * A key that the cloud offers over the tunnel (`rotate_key`): kept durably first, then answered, and only then
 * presented, because an answer that has not left would leave the cloud in doubt.
 *
 * While an offer is under way the tunnel keeps the credential it has.
 */

/** How long an answered offer may take to leave before the new key is presented all the same. */
const offerSecondsMax = 5;

export function onOffer(state: LifeState, event: Extract<LifeEvent, { type: 'key_offered' }>): LifeStep {
  const { id, apiKey, expiresAt } = event;
  if (state.offer !== undefined) return supersede(state, state.offer, event);
  return saveOffer({ ...state, offer: { id, apiKey, expiresAt, stage: 'waiting' } });
}

/** A newer offer takes the place of one in progress, which is answered as superseded unless it has been answered. */
function supersede(
  state: LifeState,
  older: OfferState,
  { id, apiKey, expiresAt }: Extract<LifeEvent, { type: 'key_offered' }>,
): LifeStep {
  const newer: LifeState = { ...state, offer: { id, apiKey, expiresAt, stage: 'waiting' } };
  switch (older.stage) {
    case 'waiting':
      return go(newer, { type: 'answer_offer', id: older.id, problem: superseded });
    // The write that is under way ends first; see `onOfferStored`.
    case 'saving':
      return go(newer, { type: 'answer_offer', id: older.id, problem: superseded });
    case 'answering':
      return inTurn(newer, (s) => go(s, { type: 'clear_timer', timer: 'offer' }), saveOffer);
  }
}

const superseded: Problem = {
  code: 'superseded',
  message: 'A newer key was offered before this one was stored.',
  nextStep: 'Nothing to do: the newer key counts.',
};

/** A write of an offered key has ended: the one in progress is answered, or was waiting for an older one's. */
export function onOfferStored(state: LifeState, failure: Problem | undefined): LifeStep {
  return state.offer?.stage === 'waiting' ? saveOffer(state) : answerOffer(state, failure);
}

/** Keeps the offered key beside the one in use, unless it is there already: offers may be repeated. */
export function saveOffer(state: LifeState): LifeStep {
  const { identity, tunnel, offer, proof, settings } = state;
  if (offer?.stage !== 'waiting') return stay(state);
  // The key in use may be a next key itself, which this one must not push out before it counts as the current one.
  if (proof !== undefined) return proof.isWriting ? stay(state) : answerOffer(state, state.writeProblem);
  const candidates = candidatesOf(identity, settings.cloud);
  const inUse = candidates.find(({ credential }) => isSameCredential(credential, tunnel.using));
  // Likewise where it will not count as that, because a newer identity is about to be tried.
  const wouldPushOut = inUse?.key === 'next' && inUse.credential.apiKey !== offer.apiKey;
  if (identity === undefined || inUse === undefined || wouldPushOut || tunnel.status !== 'online') {
    return answerOffer(state, conflict('The device is changing its identity.'));
  }
  if (candidates.some((c) => c.of === inUse.of && c.credential.apiKey === offer.apiKey)) {
    return answerOffer(state, undefined);
  }
  const next = withOfferedKey(identity, inUse, { api_key: offer.apiKey, expires_at: offer.expiresAt });
  return go(
    { ...state, offer: { ...offer, stage: 'saving' } },
    { type: 'write_identity', write: { kind: 'offer', seen: identity, next } },
  );
}

/** The offered key is durable, or could not be made so; either way the cloud hears it before anything changes. */
export function answerOffer(state: LifeState, failure: Problem | undefined): LifeStep {
  const { offer } = state;
  if (offer === undefined || offer.stage === 'answering') return stay(state);
  const candidates = candidatesOf(state.identity, state.settings.cloud);
  const isKept = candidates.some(({ credential }) => credential.apiKey === offer.apiKey);
  const problem = failure ?? (isKept ? undefined : conflict('The identity of the device has just changed.'));
  return go(
    { ...state, offer: { ...offer, stage: 'answering' } },
    { type: 'answer_offer', id: offer.id, problem },
    { type: 'set_timer', timer: 'offer', delay: exactly(offerSecondsMax * 1000) },
  );
}

/** @param id of the offer whose answer has left; undefined when it took too long. */
export function onOfferAnswered(state: LifeState, id: number | undefined): LifeStep {
  const { offer } = state;
  if (offer?.stage !== 'answering' || (id !== undefined && id !== offer.id)) return stay(state);
  return go({ ...state, offer: undefined }, { type: 'clear_timer', timer: 'offer' });
}

function conflict(message: string): Problem {
  return { code: 'device_state_conflict', message, nextStep: 'Offer the key again.' };
}

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Identity } from '../identity/index.ts';
import type { TunnelCredential } from '../tunnel/model.ts';
import { isSameCredential } from './candidates.ts';
import {
  cloud,
  codeA,
  codeB,
  grantFor,
  identity,
  noAnswer,
  pendingClaim,
  refusal,
  Story,
} from './testing/story.ts';

type Move = (story: Story, round: number) => void;

const moves: Readonly<Record<string, Move>> = {
  redeem: (story, round) => story.answer(grantFor(`dev_granted_${String(round)}`)),
  loseAnswer: (story) => story.answer(noAnswer),
  refuseCode: (story) => story.answer(refusal('code_already_used')),
  refuseForNow: (story) => story.answer(refusal('device_revoked', false)),
  lateAnswer: (story) => story.send({ type: 'claim_answered', attempt: 0, outcome: grantFor('dev_late') }),
  retryClaim: (story) => story.send({ type: 'timer', timer: 'claim' }),
  retryWrite: (story) => story.send({ type: 'timer', timer: 'write' }),
  offerTimeout: (story) => story.send({ type: 'timer', timer: 'offer' }),
  fillDisk: (story) => {
    story.isDiskFull = true;
  },
  freeDisk: (story) => {
    story.isDiskFull = false;
  },
  slowDisk: (story) => {
    story.isDiskSlow = true;
  },
  diskCatchesUp: (story) => story.catchUp(),
  connect: (story) => {
    // A key that the device has given up for one that was accepted is dead at the cloud, too (CONTRACT.md §2, §3).
    if (holds(story.stored, story.using)) story.online();
  },
  rejectKey: (story) => story.refuse('key_rejected'),
  revokeDevice: (story) => story.refuse('device_revoked'),
  cutTunnel: (story) =>
    story.send({ type: 'tunnel_offline', problem: { code: 'tunnel_closed', message: 'cut' } }),
  configureA: (story) => story.configure(codeA),
  configureB: (story) => story.configure(codeB),
  configureNone: (story) => story.configure(undefined),
  ask: (story, round) => story.send({ type: 'asked', id: round, code: codeA, force: false }),
  force: (story, round) => story.send({ type: 'asked', id: round, code: codeB, force: true }),
  give: (story, round) =>
    story.send({ type: 'given', id: round, deviceId: `dev_given_${String(round)}`, apiKey: 'efk_given' }),
  offerKey: (story, round) =>
    story.send({
      type: 'key_offered',
      id: round,
      apiKey: `efk_${String(round)}`,
      expiresAt: '2027-01-01T00:00:00Z',
    }),
  offerAnswered: (story) => story.send({ type: 'offer_answered', id: story.state.offer?.id ?? 0 }),
  disconnect: (story) => story.send({ type: 'tunnel_wanted', isWanted: false }),
  reconnect: (story) => story.send({ type: 'tunnel_wanted', isWanted: true }),
};

const beginnings: Readonly<Record<string, ConstructorParameters<typeof Story>[0]>> = {
  empty: {},
  code: { code: codeA },
  identity: { identity: identity('dev_0', { madeBy: codeA }), code: codeB },
  claim: { claim: pendingClaim(codeA), code: codeB },
  both: { identity: identity('dev_0', { madeBy: codeA }), claim: pendingClaim(codeB) },
  rotating: { identity: identity('dev_0', { next: { api_key: 'efk_next', expires_at: null } }) },
  settings: { settings: { explicit: { cloud, deviceId: 'dev_set', apiKey: 'efk_set' } }, code: codeA },
};

/** Holds a story to the promises at every step. */
function watch(story: Story): void {
  let proven: TunnelCredential | undefined;
  story.onEffect = (effect) => {
    if (effect.type === 'send_claim') {
      expect(story.isClaimDurable, 'a claim was sent before it was durable').toBe(true);
    }
    if (effect.type === 'use') {
      expect(holds(story.stored, effect.credential), 'a credential was presented that is not durable').toBe(
        true,
      );
    }
    if (effect.type === 'answer_offer' && effect.problem === undefined) {
      const apiKey = story.state.offer?.apiKey ?? '';
      // Whoever offered it may be gone by now, and with it what the tunnel uses; each offer is a key of its own.
      const isKept = keysIn(story.stored).some((held) => held.apiKey === apiKey);
      expect(isKept, 'an offered key was accepted that is not durable').toBe(true);
    }
    if (story.state.tunnel.status === 'online') proven = story.state.tunnel.using;
    const isKept = proven === undefined || holds(story.stored, proven);
    expect(isKept, 'the credential that worked last was given up').toBe(true);
  };
}

function holds(identity: Identity | undefined, credential: TunnelCredential): boolean {
  return keysIn(identity).some((held) => isSameCredential(held, credential));
}

function keysIn(identity: Identity | undefined): TunnelCredential[] {
  return [identity, identity?.previous].flatMap((held) => {
    const keys = [held?.api_key, held?.next?.api_key];
    return keys.map((key) => ({ deviceId: held?.device_id ?? '', apiKey: key ?? '' }));
  });
}

describe('any order of events', () => {
  // What makes progress comes more often, or most stories would end in the first scene.
  const move = fc.oneof(
    { arbitrary: fc.constantFrom(...Object.keys(moves)), weight: 1 },
    {
      arbitrary: fc.constantFrom('redeem', 'connect', 'force', 'fillDisk', 'freeDisk', 'diskCatchesUp'),
      weight: 2,
    },
  );
  const beginning = fc.constantFrom(...Object.keys(beginnings));

  it('never sends before the claim is durable, never presents before the identity is, never loses what worked', () => {
    fc.assert(
      fc.property(beginning, fc.array(move, { maxLength: 80 }), (begin, names) => {
        const story = new Story(beginnings[begin]);
        watch(story);
        names.forEach((name, round) => moves[name]?.(story, round));
      }),
      { numRuns: 3000 },
    );
  });

  it('once the trouble is over, a device with a code or an identity comes online', () => {
    fc.assert(
      fc.property(beginning, fc.array(move, { maxLength: 60 }), (begin, names) => {
        const story = new Story(beginnings[begin]);
        names.forEach((name, round) => moves[name]?.(story, round));
        const calm: Move[] = [
          (s) => (s.isDiskFull = false),
          (s) => s.catchUp(true),
          (s) => s.send({ type: 'timer', timer: 'write' }),
          (s) => s.send({ type: 'tunnel_wanted', isWanted: true }),
          (s) => s.send({ type: 'timer', timer: 'offer' }),
          (s) => s.configure('PROV-CCCC-CCCC'),
          (s) => s.send({ type: 'timer', timer: 'claim' }),
          (s) => s.answer(grantFor('dev_calm')),
          (s) => s.send({ type: 'timer', timer: 'claim' }),
          (s) => s.answer(grantFor('dev_calmer')),
          (s) => s.online(),
        ];
        calm.forEach((calmly, round) => {
          calmly(story, 1000 + round);
        });
        expect(story.state.tunnel.status).toBe('online');
        expect(holds(story.stored, story.using)).toBe(true);
        expect(story.stored?.previous).toBeUndefined();
      }),
      { numRuns: 2000 },
    );
  });

  it('every person who asks is answered, once', () => {
    fc.assert(
      fc.property(beginning, fc.array(move, { maxLength: 60 }), (begin, names) => {
        const story = new Story(beginnings[begin]);
        names.forEach((name, round) => moves[name]?.(story, round));
        story.isDiskFull = false;
        story.catchUp(true);
        story.send({ type: 'timer', timer: 'write' });
        story.send({ type: 'timer', timer: 'claim' });
        story.answer(noAnswer);
        const asked = names.flatMap((name, round) =>
          ['ask', 'force', 'give'].includes(name) ? [round] : [],
        );
        const replied = story.effects.filter((effect) => effect.type === 'reply').map(({ id }) => id);
        expect(replied.sort((a, b) => a - b)).toEqual(asked);
      }),
      { numRuns: 2000 },
    );
  });
});

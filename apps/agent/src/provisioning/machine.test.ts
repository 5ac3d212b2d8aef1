import type { ErrorCode } from '@edgeflow/contract';
import { describe, expect, it } from 'vitest';
import { settingsMark } from '../identity/index.ts';
import type { LifeEffect, LifeEvent } from './model.ts';
import {
  cloud,
  codeA,
  codeB,
  diskFull,
  grantFor,
  identity,
  noAnswer,
  noAnswerFor,
  pendingClaim,
  refusal,
  Story,
} from './testing/story.ts';
import { viewOf } from './view.ts';

const types = (effects: readonly LifeEffect[]): string[] => effects.map(({ type }) => type);
const claimTimer: LifeEvent = { type: 'timer', timer: 'claim' };
const problemOf = (story: Story) => viewOf(story.state, 'idle').problem;
const ask = (code: string, force = false, id = 7): LifeEvent => ({ type: 'asked', id, code, force });

describe('a device without an identity', () => {
  it('stores the claim, sends it, stores the credentials, is connected, and forgets the claim, in this order', () => {
    const story = new Story({ code: codeA });
    story.answer(grantFor('dev_1'));
    const order = types(story.effects).filter((type) => type !== 'clear_timer');
    expect(order).toEqual(['load', 'open_claim', 'send_claim', 'write_identity', 'use']);
    expect(types(story.online())).toEqual(['finish_claim']);
    expect(story.presented).toEqual(['efk_dev_1 now']);
  });

  it('says what is wrong with a configured code that cannot be read', () => {
    const story = new Story();
    const problem = { code: 'settings_invalid', message: 'That is no code.', nextStep: 'Correct it.' };
    story.send({ type: 'code_configured', code: undefined, problem });
    expect(problemOf(story)).toEqual(problem);
    expect(story.sends).toBe(0);
  });

  it('waits for a code, and says so', () => {
    const story = new Story();
    expect(types(story.effects)).toEqual(['load']);
    expect(viewOf(story.state, 'idle')).toMatchObject({
      status: 'unprovisioned',
      phase: 'waiting_for_code',
      problem: { code: 'code_missing' },
    });
    story.configure(codeA);
    expect(story.sends).toBe(1);
  });

  it('sends nothing while the claim cannot be stored, and keeps trying to store it', () => {
    const story = new Story();
    story.isDiskFull = true;
    const effects = story.configure(codeA);
    expect(effects).toContainEqual(expect.objectContaining({ type: 'set_timer', timer: 'claim' }));
    story.send(claimTimer);
    expect(story.sends).toBe(0);
    expect(problemOf(story)).toEqual(diskFull);
    story.isDiskFull = false;
    story.send(claimTimer);
    expect(story.sends).toBe(1);
    expect(story.state.claim.kind).toBe('sending');
  });

  it('does not open the tunnel while the credentials cannot be stored, and keeps trying to store them', () => {
    const story = new Story({ code: codeA });
    story.isDiskFull = true;
    story.answer(grantFor('dev_1'));
    story.send(claimTimer);
    story.send(claimTimer);
    expect(story.presented).toEqual([]);
    expect(types(story.effects)).not.toContain('finish_claim');
    expect(problemOf(story)).toEqual(diskFull);
    story.isDiskFull = false;
    story.send(claimTimer);
    expect(story.presented).toEqual(['efk_dev_1 now']);
    expect(story.sends).toBe(1);
  });
});

describe('an answer that is not final', () => {
  it('is asked for again and again, with growing waits, as the same claim', () => {
    const story = new Story({ code: codeA });
    const attempts: (number | undefined)[] = [];
    for (let i = 0; i < 20; i += 1) {
      const timer = story.answer(noAnswer).find((e) => e.type === 'set_timer');
      attempts.push(timer?.delay.jitter?.attempt);
      story.send(claimTimer);
    }
    expect(attempts).toEqual(Array.from({ length: 20 }, (_, i) => i));
    expect(story.sends).toBe(21);
    expect(types(story.effects).filter((type) => type === 'open_claim')).toHaveLength(1);
  });

  it.each([
    [120, 120_000],
    [999_999, 86_400_000],
  ])('with Retry-After: %i waits at least %i ms', (retryAfterSeconds, leastMs) => {
    const story = new Story({ code: codeA });
    const effects = story.answer(noAnswerFor(retryAfterSeconds));
    expect(effects).toContainEqual(expect.objectContaining({ delay: expect.objectContaining({ leastMs }) }));
  });

  it('that comes late, after another attempt has succeeded, is ignored', () => {
    const story = new Story({ code: codeA });
    story.answer(noAnswer);
    story.send(claimTimer);
    const late: LifeEvent = { type: 'claim_answered', attempt: 0, outcome: grantFor('dev_late') };
    expect(story.send(late)).toEqual([]);
    story.answer(grantFor('dev_1'));
    expect(story.send(late)).toEqual([]);
    expect(story.stored?.device_id).toBe('dev_1');
  });
});

describe('a final refusal', () => {
  it.each<ErrorCode>(['code_unknown', 'code_already_used', 'code_expired', 'claim_void', 'claim_completed'])(
    '%s is not repeated, and is shown with its next step',
    (code) => {
      const story = new Story({ code: codeA });
      const effects = story.answer(refusal(code));
      expect(types(effects)).not.toContain('set_timer');
      expect(types(effects)).toContain('finish_claim');
      story.configure(codeA);
      expect(story.sends).toBe(1);
      expect(viewOf(story.state, 'idle')).toMatchObject({
        status: 'unprovisioned',
        phase: 'code_refused',
        problem: { code, nextStep: expect.stringMatching(/./) },
      });
    },
  );

  it('ends when another code is configured', () => {
    const story = new Story({ code: codeA });
    story.answer(refusal('code_unknown'));
    story.configure(codeB);
    expect(story.state.claim).toMatchObject({ kind: 'sending', code: codeB });
  });

  it('ends when a person asks, even for the same code', () => {
    const story = new Story({ code: codeA });
    story.answer(refusal('code_unknown'));
    story.send(ask(codeA));
    expect(story.sends).toBe(2);
  });

  it.each<ErrorCode>(['device_limit_reached', 'binding_mismatch', 'target_unavailable', 'route_unknown'])(
    'that an operator can lift is repeated slowly, as the same claim: %s',
    (code) => {
      const story = new Story({ code: codeA });
      const effects = story.answer(refusal(code, false));
      expect(types(effects)).not.toContain('finish_claim');
      expect(effects).toContainEqual(expect.objectContaining({ type: 'set_timer', timer: 'claim' }));
      expect(story.send(claimTimer)).toContainEqual({ type: 'open_claim', code: codeA, replaces: false });
    },
  );

  it('that leaves the claim open is repeated as the same claim when the code is set anew', () => {
    const story = new Story({ code: codeA });
    story.answer(refusal('device_revoked', false));
    story.configure(undefined);
    expect(story.configure(codeA)).toContainEqual({ type: 'open_claim', code: codeA, replaces: false });
  });

  it('because the device is revoked keeps the claim and asks again slowly: an operator may restore it', () => {
    const story = new Story({ code: codeA });
    const effects = story.answer(refusal('device_revoked', false));
    expect(types(effects)).not.toContain('finish_claim');
    expect(effects).toContainEqual(expect.objectContaining({ type: 'set_timer', timer: 'claim' }));
    const again = story.send(claimTimer);
    expect(again).toContainEqual({ type: 'open_claim', code: codeA, replaces: false });
    story.answer(grantFor('dev_1'));
    expect(story.presented).toEqual(['efk_dev_1 now']);
  });
});

describe('a pending claim found at start', () => {
  it('is gone on with, also when no code is configured any more', () => {
    const story = new Story({ claim: pendingClaim(codeA) });
    expect(story.effects).toContainEqual({ type: 'open_claim', code: codeA, replaces: false });
    expect(story.sends).toBe(1);
  });

  it('has its final answer before a changed code gets its turn', () => {
    const story = new Story({ claim: pendingClaim(codeA), code: codeB });
    expect(story.state.claim).toMatchObject({ kind: 'sending', code: codeA });
    story.answer(noAnswer);
    story.send(claimTimer);
    story.answer(refusal('code_expired'));
    expect(story.state.claim).toMatchObject({ kind: 'sending', code: codeB });
  });

  it('that succeeds leaves the changed code ignored, loudly', () => {
    const story = new Story({ claim: pendingClaim(codeA), code: codeB });
    story.answer(grantFor('dev_1'));
    story.online();
    expect(story.sends).toBe(1);
    expect(problemOf(story)).toMatchObject({
      code: 'code_ignored',
      message: expect.stringContaining('dev_1'),
    });
    expect(problemOf(story)?.message).toContain(cloud);
  });

  it('whose identity is durable already is not sent, and forgotten once that is connected', () => {
    const story = new Story({
      identity: identity('dev_1', { madeBy: codeA }),
      claim: pendingClaim(codeA),
      code: codeA,
    });
    expect(types(story.effects)).toEqual(['load', 'use']);
    expect(types(story.online())).toEqual(['finish_claim']);
  });

  it('whose identity was refused and given up for the former one is forgotten with it', () => {
    const story = new Story({ identity: identity('dev_1', { madeBy: codeA }) });
    story.online();
    story.send(ask(codeB, true));
    story.answer(grantFor('dev_2'));
    expect(types(story.refuse('device_revoked'))).not.toContain('finish_claim');
    expect(types(story.online())).toContain('finish_claim');
    expect(story.stored?.device_id).toBe('dev_1');
  });

  it('for another cloud is kept although this one’s identity came from the same code', () => {
    const claim = pendingClaim(codeA, { cloud: 'https://other.example' });
    const story = new Story({ identity: identity('dev_1', { madeBy: codeA }), claim });
    story.online();
    expect(types(story.effects)).not.toContain('finish_claim');
  });

  it('goes on beside an identity that another code made', () => {
    const story = new Story({ identity: identity('dev_1', { madeBy: codeA }), claim: pendingClaim(codeB) });
    expect(story.presented).toEqual(['efk_dev_1 now']);
    expect(story.sends).toBe(1);
  });

  it('made on another board, from which this disk was copied, is made anew for this one', () => {
    const claim = pendingClaim(codeA, { board: { serialNumber: '1000' } });
    const story = new Story({ claim, settings: { board: { serialNumber: '2000' } } });
    // ClaimStore sees the same difference and makes a fresh secret.
    expect(story.effects).toContainEqual({ type: 'open_claim', code: codeA, replaces: false });
  });

  it('for another cloud is never sent to this one', () => {
    const story = new Story({ claim: pendingClaim(codeA, { cloud: 'https://other.example' }) });
    expect(types(story.effects)).toEqual(['load']);
    expect(problemOf(story)?.message).toContain('https://other.example');
    const withCode = new Story({
      claim: pendingClaim(codeA, { cloud: 'https://other.example' }),
      code: codeA,
    });
    expect(withCode.effects).toContainEqual({ type: 'open_claim', code: codeA, replaces: true });
  });
});

describe('a configured code beside an identity', () => {
  it('that made the identity is ignored silently', () => {
    const story = new Story({ identity: identity('dev_1', { madeBy: codeA }), code: codeA });
    story.online();
    expect(story.sends).toBe(0);
    expect(problemOf(story)).toBeUndefined();
  });

  it('that is another one is ignored loudly while the identity works', () => {
    const story = new Story({ identity: identity('dev_1', { madeBy: codeA }), code: codeB });
    story.send({ type: 'tunnel_offline', problem: { code: 'cloud_unreachable', message: 'gone' } });
    story.online();
    expect(story.sends).toBe(0);
    expect(problemOf(story)).toMatchObject({ code: 'code_ignored' });
  });

  it.each<ErrorCode>(['key_rejected', 'device_revoked', 'device_deleted'])(
    'that is another one is redeemed when the identity is refused: %s',
    (code) => {
      const story = new Story({ identity: identity('dev_1', { madeBy: codeA }), code: codeB });
      story.refuse(code);
      expect(story.state.claim).toMatchObject({ kind: 'sending', code: codeB });
      expect(story.stored?.device_id).toBe('dev_1');
    },
  );

  it('keeps the refused identity until the new one has received connected', () => {
    const story = new Story({ identity: identity('dev_1', { madeBy: codeA }), code: codeB });
    story.refuse();
    story.answer(grantFor('dev_2'));
    expect(story.stored).toMatchObject({ device_id: 'dev_2', previous: { device_id: 'dev_1' } });
    story.online();
    expect(story.stored?.device_id).toBe('dev_2');
    expect(story.stored?.previous).toBeUndefined();
  });

  it('that made the refused identity does not help: it waits slowly and says so', () => {
    const story = new Story({ identity: identity('dev_1', { madeBy: codeA }), code: codeA });
    const effects = story.refuse('device_deleted');
    expect(story.sends).toBe(0);
    expect(effects).toEqual([expect.objectContaining({ type: 'use', when: 'slowly' })]);
    expect(viewOf(story.state, 'rejected')).toMatchObject({
      status: 'rejected',
      problem: { code: 'device_deleted' },
    });
  });

  it('is not used again after a refusal, however often the identity is refused', () => {
    const story = new Story({ identity: identity('dev_1', { madeBy: codeA }), code: codeB });
    story.refuse();
    story.answer(refusal('code_already_used'));
    for (let i = 0; i < 5; i += 1) story.refuse();
    expect(story.sends).toBe(1);
  });
});

describe('an identity of another cloud', () => {
  const elsewhere = identity('dev_1', { madeBy: codeA, cloud: 'https://other.example' });

  it('is not shown to this one', () => {
    const story = new Story({ identity: elsewhere, code: codeA });
    expect(types(story.effects)).toEqual(['load']);
    expect(problemOf(story)).toMatchObject({ message: expect.stringContaining('https://other.example') });
  });

  it('makes room for a code of this one, and stays until that has worked', () => {
    const story = new Story({ identity: elsewhere, code: codeB });
    story.answer(grantFor('dev_2'));
    expect(story.stored?.previous?.device_id).toBe('dev_1');
    story.refuse();
    expect(story.presented).toEqual(['efk_dev_2 now', 'efk_dev_2 slowly']);
    expect(story.stored?.previous?.device_id).toBe('dev_1');
  });

  it('that was made after one of this cloud, and never proven, does not push that one out', () => {
    const story = new Story({ identity: { ...elsewhere, previous: identity('dev_0') } });
    expect(story.presented).toEqual(['efk_dev_0 now']);
    story.online();
    expect(story.stored).toMatchObject({ device_id: 'dev_1', previous: { device_id: 'dev_0' } });
  });
});

describe('configured credentials', () => {
  const explicit = { cloud, deviceId: 'dev_9', apiKey: 'efk_nine' };

  it('win over stored ones, and are stored before the tunnel opens', () => {
    const story = new Story({ identity: identity('dev_1'), settings: { explicit } });
    expect(types(story.effects)).toEqual(['load', 'write_identity', 'use']);
    expect(story.presented).toEqual(['efk_nine now']);
    expect(story.stored).toMatchObject({ device_id: 'dev_9', previous: { device_id: 'dev_1' } });
  });

  it('that seeded the vault are followed by their stored successor', () => {
    const successor = identity('dev_9', { api_key: 'efk_rotated', settings_mark: settingsMark(explicit) });
    const story = new Story({ identity: successor, settings: { explicit } });
    expect(story.presented).toEqual(['efk_rotated now']);
    expect(types(story.effects)).not.toContain('write_identity');
  });

  it('that were changed since are taken', () => {
    const old = identity('dev_9', { settings_mark: settingsMark({ ...explicit, apiKey: 'efk_former' }) });
    expect(new Story({ identity: old, settings: { explicit } }).presented).toEqual(['efk_nine now']);
  });

  it('do not undo a later registration at the next start', () => {
    const story = new Story({ settings: { explicit } });
    story.online();
    story.send(ask(codeA, true));
    story.answer(grantFor('dev_10'));
    story.online();
    const restarted = new Story({ ...(story.stored && { identity: story.stored }), settings: { explicit } });
    expect(restarted.presented).toEqual(['efk_dev_10 now']);
  });

  it('are stored before anything else happens, however long the disk is full', () => {
    const story = new Story({ identityReading: { kind: 'absent' }, settings: { explicit } });
    expect(story.presented).toHaveLength(1);
    const stuck = new Story();
    stuck.isDiskFull = true;
    stuck.state = { ...stuck.state, settings: { ...stuck.state.settings, explicit }, seeding: 'needed' };
    stuck.send({ type: 'timer', timer: 'write' });
    stuck.send({ type: 'timer', timer: 'write' });
    expect(stuck.presented).toEqual([]);
    expect(problemOf(stuck)).toEqual(diskFull);
    stuck.isDiskFull = false;
    stuck.send({ type: 'timer', timer: 'write' });
    expect(stuck.presented).toEqual(['efk_nine now']);
  });
});

describe('credentials that a person hands over', () => {
  const given: LifeEvent = { type: 'given', id: 3, deviceId: 'dev_7', apiKey: 'efk_seven' };

  it('are used once they are durable, and the old ones stay until they have worked', () => {
    const story = new Story({ identity: identity('dev_1') });
    story.online();
    story.send(given);
    expect(story.replies).toEqual([{ kind: 'stored' }]);
    expect(story.presented.at(-1)).toBe('efk_seven now');
    expect(story.stored?.previous?.device_id).toBe('dev_1');
    story.refuse();
    expect(story.presented.at(-1)).toBe('efk_dev_1 now');
  });

  it('that cannot be stored are not used', () => {
    const story = new Story();
    story.isDiskFull = true;
    story.send(given);
    expect(story.replies).toEqual([{ kind: 'failed', problem: diskFull, goesOn: false }]);
    expect(story.presented).toEqual([]);
  });

  it('wait for a registration that is under way', () => {
    const story = new Story({ code: codeA });
    story.send(given);
    expect(story.replies).toEqual([{ kind: 'declined', code: 'provisioning_in_progress' }]);
  });

  it('are not undone by unchanged settings at the next start', () => {
    const explicit = { cloud, deviceId: 'dev_9', apiKey: 'efk_nine' };
    const story = new Story({ settings: { explicit } });
    story.online();
    story.send(given);
    story.online();
    const restarted = new Story({ ...(story.stored && { identity: story.stored }), settings: { explicit } });
    expect(restarted.presented).toEqual(['efk_seven now']);
  });
});

describe('a vault that cannot be opened', () => {
  const reading = (reason: 'altered' | 'io' | 'newer_version') =>
    ({ kind: 'unreadable', reason, detail: 'It cannot be opened.', nextStep: 'Look at it.' }) as const;

  it('is reported for what it is', () => {
    const story = new Story({ identityReading: reading('altered') });
    expect(viewOf(story.state, 'idle')).toMatchObject({
      status: 'unprovisioned',
      phase: 'vault_unreadable',
      problem: { code: 'vault_unreadable', message: 'It cannot be opened.' },
    });
  });

  it('makes room for a configured code, because nobody else can open it either', () => {
    expect(new Story({ identityReading: reading('altered'), code: codeA }).sends).toBe(1);
  });

  it('shows why the code that it asked for was refused', () => {
    const story = new Story({ identityReading: reading('altered'), code: codeA });
    story.answer(refusal('code_expired'));
    expect(problemOf(story)?.code).toBe('code_expired');
  });

  it('keeps its place while a later agent could open it, unless a person says otherwise', () => {
    const story = new Story({ identityReading: reading('newer_version'), code: codeA });
    expect(story.sends).toBe(0);
    story.send(ask(codeA));
    expect(story.replies).toEqual([{ kind: 'declined', code: 'already_provisioned' }]);
    story.send(ask(codeA, true));
    expect(story.sends).toBe(1);
  });

  it('is read again when the disk refused to read it', () => {
    const story = new Story({ identityReading: reading('io'), code: codeA });
    expect(story.sends).toBe(0);
    expect(story.effects).toContainEqual(expect.objectContaining({ type: 'set_timer', timer: 'load' }));
    expect(types(story.send({ type: 'timer', timer: 'load' }))).toContain('load');
    expect(problemOf(story)?.code).toBe('vault_unreadable');
  });

  it('is read again when the disk refused the claim, which may be all that says who this device is', () => {
    const story = new Story({ claim: pendingClaim(codeA), claimUnread: reading('io') });
    expect(types(story.effects)).toEqual(['load', 'set_timer']);
    expect(problemOf(story)?.code).toBe('vault_unreadable');
    story.send({ type: 'timer', timer: 'load' });
    expect(story.sends).toBe(1);
    expect(story.effects).toContainEqual({ type: 'open_claim', code: codeA, replaces: false });
  });

  it('does not keep an identity waiting for a claim', () => {
    const story = new Story({ identity: identity('dev_1'), claimUnread: reading('io') });
    expect(story.presented).toEqual(['efk_dev_1 now']);
  });

  it('keeps an identity of another cloud waiting: it says nothing to this one', () => {
    const elsewhere = identity('dev_1', { cloud: 'https://other.example' });
    const story = new Story({ identity: elsewhere, claim: pendingClaim(codeA), claimUnread: reading('io') });
    expect(types(story.effects)).toEqual(['load', 'set_timer']);
    story.send({ type: 'timer', timer: 'load' });
    expect(story.effects).toContainEqual({ type: 'open_claim', code: codeA, replaces: false });
    expect(story.sends).toBe(1);
  });
});

describe('a person who asks for a code to be redeemed', () => {
  it('hears the credentials once they are durable', () => {
    const story = new Story();
    story.send(ask(codeA));
    expect(story.replies).toEqual([]);
    story.answer(grantFor('dev_1'));
    expect(story.replies).toEqual([
      { kind: 'redeemed', grant: { deviceId: 'dev_1', apiKey: 'efk_dev_1', expiresAt: null } },
    ]);
    const order = types(story.effects);
    expect(order.indexOf('reply')).toBeGreaterThan(order.indexOf('write_identity'));
  });

  it("hears the cloud's own refusal", () => {
    const story = new Story();
    story.send(ask(codeA));
    story.answer(refusal('binding_mismatch'));
    expect(story.replies).toMatchObject([
      { kind: 'refused', problem: { code: 'binding_mismatch', status: 403 } },
    ]);
  });

  it('hears at the first failure that the device goes on trying', () => {
    const story = new Story();
    story.send(ask(codeA));
    story.answer(noAnswer);
    expect(story.replies).toMatchObject([
      { kind: 'failed', goesOn: true, problem: { code: 'cloud_unreachable' } },
    ]);
    story.send(claimTimer);
    story.answer(grantFor('dev_1'));
    expect(story.replies).toHaveLength(1);
    expect(story.presented).toEqual(['efk_dev_1 now']);
  });

  it('hears that nothing was sent when the claim could not be stored', () => {
    const story = new Story();
    story.isDiskFull = true;
    story.send(ask(codeA));
    expect(story.replies).toMatchObject([{ kind: 'failed', goesOn: false, problem: diskFull }]);
    expect(story.state.claim.kind).toBe('none');
  });

  it('is told while another registration is under way', () => {
    const story = new Story({ code: codeA });
    story.send(ask(codeB));
    story.answer(noAnswer);
    story.send(ask(codeB, true));
    expect(story.replies).toEqual([
      { kind: 'declined', code: 'provisioning_in_progress' },
      { kind: 'declined', code: 'provisioning_in_progress' },
    ]);
  });

  it('has to force it while there is an identity', () => {
    const story = new Story({ identity: identity('dev_1') });
    story.send(ask(codeA));
    expect(story.replies).toEqual([{ kind: 'declined', code: 'already_provisioned' }]);
    expect(story.sends).toBe(0);
  });
});

describe('a forced registration', () => {
  function forced(): Story {
    const story = new Story({ identity: identity('dev_1', { madeBy: codeA }) });
    story.online();
    story.send(ask(codeB, true));
    return story;
  }

  it('leaves the old identity online until the new one is durable, and then tries that', () => {
    const story = forced();
    expect(story.presented).toEqual(['efk_dev_1 now']);
    story.answer(grantFor('dev_2'));
    expect(story.presented).toEqual(['efk_dev_1 now', 'efk_dev_2 now']);
    story.online();
    expect(story.stored?.previous).toBeUndefined();
  });

  it('falls back to the old identity when the new one is refused, and says so', () => {
    const story = forced();
    story.answer(grantFor('dev_2'));
    story.refuse('device_revoked');
    expect(story.presented.at(-1)).toBe('efk_dev_1 now');
    expect(story.stored).toMatchObject({ device_id: 'dev_2', previous: { device_id: 'dev_1' } });
    story.online();
    expect(story.stored?.device_id).toBe('dev_1');
    expect(problemOf(story)).toMatchObject({
      code: 'device_revoked',
      message: expect.stringContaining('dev_2'),
    });
  });

  it('loses neither while both are refused', () => {
    const story = forced();
    story.answer(grantFor('dev_2'));
    for (let round = 0; round < 3; round += 1) {
      story.refuse();
      story.refuse();
    }
    expect(story.presented.slice(1)).toEqual([
      'efk_dev_2 now',
      'efk_dev_1 now',
      'efk_dev_2 slowly',
      'efk_dev_1 now',
      'efk_dev_2 slowly',
      'efk_dev_1 now',
      'efk_dev_2 slowly',
    ]);
    expect(story.stored).toMatchObject({ device_id: 'dev_2', previous: { device_id: 'dev_1' } });
  });

  it('stores what the present identity has proven first, so that a second one does not push it out', () => {
    const story = forced();
    story.answer(grantFor('dev_2'));
    story.isDiskFull = true;
    story.online();
    story.isDiskFull = false;
    story.send(ask(codeA, true, 8));
    expect(story.replies.at(-1)).toEqual({ kind: 'failed', problem: diskFull, goesOn: false });
    expect(story.stored?.previous?.device_id).toBe('dev_1');
    story.send({ type: 'timer', timer: 'write' });
    story.send(ask(codeA, true, 9));
    story.answer(grantFor('dev_3'));
    expect(story.stored).toMatchObject({ device_id: 'dev_3', previous: { device_id: 'dev_2' } });
  });

  it('takes an identity that is not proven off the tunnel before another one pushes it out', () => {
    const story = forced();
    story.answer(grantFor('dev_2'));
    const unproven = story.using;
    story.send(ask(codeA, true, 8));
    story.isDiskSlow = true;
    expect(types(story.answer(grantFor('dev_3')))).toEqual(['stop_tunnel', 'write_identity']);
    story.send({ type: 'tunnel_online', credential: unproven });
    expect(story.state.tunnel.status).toBe('idle');
    story.catchUp(true);
    expect(story.stored).toMatchObject({ device_id: 'dev_3', previous: { device_id: 'dev_1' } });
    expect(story.presented.at(-1)).toBe('efk_dev_3 now');
  });

  it('stores what was proven even when the tunnel has ended meanwhile, and then the new identity', () => {
    const story = new Story({
      identity: identity('dev_1', { next: { api_key: 'efk_next', expires_at: null } }),
    });
    story.send(ask(codeB, true));
    story.isDiskFull = true;
    story.online();
    story.refuse('device_revoked');
    story.answer(grantFor('dev_2'));
    expect(story.presented).not.toContain('efk_dev_2 now');
    story.isDiskFull = false;
    story.send({ type: 'timer', timer: 'write' });
    expect(story.stored).toMatchObject({ device_id: 'dev_2', previous: { api_key: 'efk_next' } });
    expect(story.presented).toContain('efk_dev_2 now');
  });

  it('that is refused changes nothing', () => {
    const story = forced();
    story.answer(refusal('code_unknown'));
    expect(story.presented).toEqual(['efk_dev_1 now']);
    expect(viewOf(story.state, 'online')).toMatchObject({
      status: 'online',
      problem: { code: 'code_unknown' },
    });
    story.online();
    expect(problemOf(story)).toBeUndefined();
  });
});

describe('rotation', () => {
  const offer = (apiKey: string, id = 1): LifeEvent => ({
    type: 'key_offered',
    id,
    apiKey,
    expiresAt: '2027-01-01T00:00:00Z',
  });
  const answered = (id = 1): LifeEvent => ({ type: 'offer_answered', id });

  function online(): Story {
    const story = new Story({ identity: identity('dev_1') });
    story.online();
    return story;
  }

  it('stores the key, answers, and only then presents it', () => {
    const story = online();
    const effects = story.send(offer('efk_new'));
    expect(types(effects)).toEqual(['write_identity', 'answer_offer', 'set_timer']);
    expect(effects).toContainEqual({ type: 'answer_offer', id: 1, problem: undefined });
    expect(types(story.send(answered()))).toContain('use');
    expect(story.presented.at(-1)).toBe('efk_new now');
    expect(story.stored).toMatchObject({ api_key: 'efk_dev_1', next: { api_key: 'efk_new' } });
  });

  it('promotes the key when it has received connected', () => {
    const story = online();
    story.send(offer('efk_new'));
    story.send(answered());
    story.online();
    expect(story.stored?.api_key).toBe('efk_new');
    expect(story.stored?.next).toBeUndefined();
  });

  it('falls back when the key is refused, and lets go of it only when the current one has received connected', () => {
    const story = online();
    story.send(offer('efk_new'));
    story.send(answered());
    story.refuse();
    expect(story.presented.at(-1)).toBe('efk_dev_1 now');
    expect(story.stored?.next?.api_key).toBe('efk_new');
    story.online();
    expect(story.stored?.api_key).toBe('efk_dev_1');
    expect(story.stored?.next).toBeUndefined();
  });

  it('tries the offered key first after a restart: a lost answer may have killed the current one', () => {
    const stored = identity('dev_1', { next: { api_key: 'efk_new', expires_at: null } });
    expect(new Story({ identity: stored }).presented).toEqual(['efk_new now']);
  });

  it('answers a repeated offer without storing anything', () => {
    const story = online();
    const effects = story.send(offer('efk_dev_1'));
    expect(types(effects)).not.toContain('write_identity');
    expect(effects).toContainEqual({ type: 'answer_offer', id: 1, problem: undefined });
    story.send(answered());
    expect(story.presented).toEqual(['efk_dev_1 now']);
  });

  it('replaces a pending offer by a newer one', () => {
    const stored = identity('dev_1', { next: { api_key: 'efk_older', expires_at: null } });
    const story = new Story({ identity: stored });
    story.refuse();
    story.send({ type: 'tunnel_online', credential: story.using });
    story.send(offer('efk_newer'));
    expect(story.stored?.next?.api_key).toBe('efk_newer');
  });

  it.each(['saving', 'answering'])('lets a newer offer replace the one it is %s', (stage) => {
    const story = online();
    story.isDiskSlow = true;
    story.send(offer('efk_older', 1));
    if (stage === 'answering') story.catchUp();
    story.send(offer('efk_newer', 2));
    story.catchUp(true);
    const answers = story.effects.filter((e) => e.type === 'answer_offer');
    expect(answers).toMatchObject([
      { id: 1, problem: stage === 'saving' ? { code: 'superseded' } : undefined },
      { id: 2, problem: undefined },
    ]);
    story.send(answered(1));
    expect(story.presented).toEqual(['efk_dev_1 now']);
    story.send(answered(2));
    expect(story.presented.at(-1)).toBe('efk_newer now');
    expect(story.stored).toMatchObject({ api_key: 'efk_dev_1', next: { api_key: 'efk_newer' } });
  });

  it('keeps the offered key while it waits to be tried, whatever else is written', () => {
    const story = online();
    story.send(offer('efk_new'));
    story.send({ type: 'timer', timer: 'write' });
    expect(story.stored?.next?.api_key).toBe('efk_new');
  });

  it('does not push out a key that has just been proven and is not stored as such', () => {
    const stored = identity('dev_1', { next: { api_key: 'efk_proven', expires_at: null } });
    const story = new Story({ identity: stored });
    story.isDiskSlow = true;
    story.online();
    expect(types(story.send(offer('efk_new')))).toEqual([]);
    story.catchUp(true);
    expect(story.stored).toMatchObject({ api_key: 'efk_proven', next: { api_key: 'efk_new' } });
    expect(story.effects).toContainEqual({ type: 'answer_offer', id: 1, problem: undefined });
  });

  it('is declined while what was proven cannot be stored', () => {
    const stored = identity('dev_1', { next: { api_key: 'efk_proven', expires_at: null } });
    const story = new Story({ identity: stored });
    story.isDiskFull = true;
    story.online();
    story.isDiskFull = false;
    expect(story.send(offer('efk_new'))).toContainEqual({ type: 'answer_offer', id: 1, problem: diskFull });
    expect(story.stored?.next?.api_key).toBe('efk_proven');
  });

  it('is declined likewise when it takes the place of an offer whose answer is on its way', () => {
    const stored = identity('dev_1', { next: { api_key: 'efk_proven', expires_at: null } });
    const story = new Story({ identity: stored });
    story.send(offer('efk_early', 1));
    story.isDiskFull = true;
    story.online();
    story.isDiskFull = false;
    expect(story.send(offer('efk_new', 2))).toContainEqual({
      type: 'answer_offer',
      id: 2,
      problem: diskFull,
    });
    expect(story.stored?.next?.api_key).toBe('efk_proven');
    story.send({ type: 'timer', timer: 'write' });
    expect(story.stored?.api_key).toBe('efk_proven');
  });

  it('is declined while another identity is about to be tried, for it would push out the key in use', () => {
    const stored = identity('dev_1', { next: { api_key: 'efk_proven', expires_at: null } });
    const story = new Story({ identity: stored });
    story.send({ type: 'asked', id: 1, code: codeB, force: true });
    story.send(offer('efk_early', 1));
    story.answer(grantFor('dev_2'));
    story.online();
    expect(story.using.apiKey).toBe('efk_proven');
    expect(story.send(offer('efk_new', 2))).toContainEqual({
      ...{ type: 'answer_offer', id: 2 },
      problem: expect.objectContaining({ code: 'device_state_conflict' }) as unknown,
    });
    expect(story.stored?.previous?.next?.api_key).toBe('efk_proven');
  });

  it('is declined when the key cannot be stored, and the current one stays in use', () => {
    const story = online();
    story.isDiskFull = true;
    const effects = story.send(offer('efk_new'));
    expect(effects).toContainEqual({ type: 'answer_offer', id: 1, problem: diskFull });
    story.send(answered());
    expect(story.presented).toEqual(['efk_dev_1 now']);
  });

  it('goes on when nobody tells that the answer has left', () => {
    const story = online();
    story.send(offer('efk_new'));
    story.send({ type: 'timer', timer: 'offer' });
    expect(story.presented.at(-1)).toBe('efk_new now');
  });

  it('does not try the other key of a device that is revoked', () => {
    const stored = identity('dev_1', { next: { api_key: 'efk_new', expires_at: null } });
    const story = new Story({ identity: stored });
    story.refuse('device_revoked');
    expect(story.presented).toEqual(['efk_new now', 'efk_new slowly']);
  });

  it('keeps trying to store what connected has proven', () => {
    const story = online();
    story.send(offer('efk_new'));
    story.send(answered());
    story.isDiskFull = true;
    story.online();
    expect(problemOf(story)).toEqual(diskFull);
    story.isDiskFull = false;
    story.send({ type: 'timer', timer: 'write' });
    expect(story.stored?.api_key).toBe('efk_new');
    expect(problemOf(story)).toBeUndefined();
  });
});

describe('disconnecting on an operator’s word', () => {
  it('stops the tunnel and keeps it stopped until told otherwise', () => {
    const story = new Story({ identity: identity('dev_1') });
    story.online();
    expect(types(story.send({ type: 'tunnel_wanted', isWanted: false }))).toEqual(['stop_tunnel']);
    expect(viewOf(story.state, 'idle')).toMatchObject({ status: 'offline', phase: 'disconnected' });
    expect(types(story.send({ type: 'tunnel_wanted', isWanted: true }))).toEqual(['use']);
  });

  it('and connecting again while online changes nothing, while offline tries at once', () => {
    const story = new Story({ identity: identity('dev_1') });
    story.online();
    expect(story.send({ type: 'tunnel_wanted', isWanted: true })).toEqual([]);
    expect(viewOf(story.state, 'online').status).toBe('online');
    story.refuse('device_revoked');
    expect(types(story.send({ type: 'tunnel_wanted', isWanted: true }))).toEqual(['use']);
  });
});

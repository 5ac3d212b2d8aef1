import { describe, expect, it } from 'vitest';
import {
  type Attempt,
  fittingBind,
  nextChangeMs,
  type Onboarding,
  panelStateOf,
  secondAttemptOf,
  shortBoard,
} from './state.ts';
import { panelWords } from './words.ts';

const madeMs = Date.parse('2026-02-21T12:00:00Z');
const at = (ms: number): string => new Date(madeMs + ms).toISOString();
const minute = 60_000;

const code: Onboarding['code'] = {
  id: 'pc_1',
  status: 'active',
  name: null,
  batch: null,
  device_name: null,
  tags: [],
  group: null,
  bind: { mac_address: null, serial_number: null, board_model: null },
  device_id: null,
  created_at: at(0),
  created_by: 'tok_1',
  created_by_name: null,
  expires_at: at(24 * 60 * minute),
  used_by: null,
  used_by_name: null,
  used_at: null,
  used_from: null,
  revoked_at: null,
  failed_attempts: 0,
  last_failed_at: null,
  last_failed_reason: null,
};
const device: NonNullable<Onboarding['device']> = {
  device_id: 'dev_1',
  name: null,
  hostname: 'edgeflow-pi-001',
  board_model: 'Raspberry Pi 4 Model B Rev 1.4',
  status: 'never_connected',
  first_connected_at: null,
  last_close_reason: null,
};
const attempt: Attempt = {
  at: at(minute),
  reason: 'binding_mismatch',
  address: '198.51.100.4',
  mac_address: 'b8:27:eb:00:00:01',
  serial_number: null,
  board_model: null,
};
const used = {
  ...code,
  status: 'used',
  used_by: 'dev_1',
  used_at: at(minute),
  used_from: '203.0.113.7',
} as const;

interface Story {
  readonly code?: Partial<Onboarding['code']>;
  readonly device?: Partial<NonNullable<Onboarding['device']>> | null;
  readonly attempt?: Partial<Attempt>;
}

function onboarding(story: Story): Onboarding {
  return {
    at: at(0),
    code: { ...code, ...story.code },
    device: story.device === undefined || story.device === null ? null : { ...device, ...story.device },
    last_attempt: story.attempt === undefined ? null : { ...attempt, ...story.attempt },
  };
}

function headline(story: Story, afterMs: number): string {
  return panelWords(panelStateOf(onboarding(story), madeMs + afterMs)).headline;
}

describe('what the panel of a code says', () => {
  const bound = { bind: { ...code.bind, mac_address: 'dc:a6:32:00:00:01' } };

  it.each<[string, Story, number]>([
    ['Waiting. Valid 23 h 59 min. You may close this page.', {}, 1_000],
    ['Nothing has arrived yet', {}, 2 * minute],
    [
      'Refused: the code is bound to dc:a6:32:00:00:01, the device is b8:27:eb:00:00:01. The code is not used.',
      { code: bound, attempt: {} },
      minute,
    ],
    [
      'Refused: the code is bound to serial number 1000, the device is silent about it. The code is not used.',
      { code: { bind: { ...code.bind, serial_number: '1000' } }, attempt: {} },
      minute,
    ],
    [
      'Refused: The organization has reached its number of devices.',
      { attempt: { reason: 'device_limit_reached' } },
      0,
    ],
    ['Raspberry Pi 4 registered from 203.0.113.7. Opening tunnel…', { code: used, device: {} }, 90_000],
    [
      'Registered, no tunnel. Often a proxy blocks WebSocket. The code is not needed again.',
      { code: used, device: {} },
      2 * minute,
    ],
    ['Expired unused.', {}, 24 * 60 * minute],
    ['Expired unused.', { code: { status: 'expired' } }, 0],
    ['Revoked. No device can use this code any more.', { code: { status: 'revoked' } }, 0],
    ['The device that used this code was deleted.', { code: used }, 0],
  ])('%s', (expected, story, afterMs) => {
    expect(headline(story, afterMs)).toBe(expected);
  });

  it('names the device that is online by its name, else its host name, else its id, and its first heartbeat', () => {
    const online = { status: 'online', first_connected_at: at(3_000) } as const;
    const says = (facts: object): string => headline({ code: used, device: { ...online, ...facts } }, minute);
    expect(says({})).toMatch(/^edgeflow-pi-001 is online\. First heartbeat \d\d:\d\d:03\.$/);
    expect(says({ name: 'pump' })).toMatch(/^pump is online/);
    expect(says({ hostname: null })).toMatch(/^dev_1 is online/);
    expect(says({ status: 'offline' })).toMatch(/^edgeflow-pi-001 was online .* and is not now\.$/);
  });

  it('waits again once the binding fits what the device presented, in whatever spelling', () => {
    const story = { code: { bind: { ...code.bind, board_model: 'raspberry  pi 4' } } };
    const refused = onboarding({ ...story, attempt: { board_model: 'Raspberry Pi 5' } });
    const state = panelStateOf(refused, madeMs + minute);
    if (state.kind !== 'refused') throw new Error(state.kind);
    expect(fittingBind(refused.code.bind, state.mismatches)).toEqual({ board_model: 'Raspberry Pi 5' });
    const fits = onboarding({ ...story, attempt: { board_model: 'Raspberry Pi 4' } });
    expect(panelStateOf(fits, madeMs + minute)).toMatchObject({ kind: 'waiting', rebound: true });
  });

  it('lifts a binding that the device cannot have, and leaves the others', () => {
    const bind = { ...code.bind, mac_address: 'dc:a6:32:00:00:01', serial_number: '1000' };
    const mismatch = { field: 'serial_number', bound: '1000', presented: null } as const;
    expect(fittingBind(bind, [mismatch])).toEqual({ mac_address: 'dc:a6:32:00:00:01' });
  });

  it('tells of a second attempt only when somebody else came after the first use', () => {
    const late = { reason: 'code_already_used', at: at(2 * minute) };
    expect(secondAttemptOf(onboarding({ code: used, device: {}, attempt: late }))?.address).toBe(
      '198.51.100.4',
    );
    expect(secondAttemptOf(onboarding({ code: used, device: {}, attempt: {} }))).toBeUndefined();
    expect(secondAttemptOf(onboarding({ attempt: late }))).toBeUndefined();
  });

  it('knows when the next change comes by itself', () => {
    expect(nextChangeMs(onboarding({}), madeMs)).toBe(madeMs + minute);
    expect(nextChangeMs(onboarding({}), madeMs + minute)).toBe(madeMs + 2 * minute);
    expect(nextChangeMs(onboarding({}), madeMs + 3 * minute)).toBe(madeMs + 24 * 60 * minute);
    expect(nextChangeMs(onboarding({}), madeMs + 25 * 60 * minute)).toBeUndefined();
  });
});

it.each([
  ['Raspberry Pi 4 Model B Rev 1.4', 'Raspberry Pi 4'],
  ['Raspberry Pi 3 Model B Plus Rev 1.3', 'Raspberry Pi 3'],
  ['Raspberry Pi Zero 2 W Rev 1.0', 'Raspberry Pi Zero 2 W'],
  ['NVIDIA Jetson Orin Nano Developer Kit', 'NVIDIA Jetson Orin Nano Developer Kit'],
  ['', 'A device'],
  [null, 'A device'],
])('the board %j is called %j', (model, name) => {
  expect(shortBoard(model)).toBe(name);
});

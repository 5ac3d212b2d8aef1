import { type ErrorCode, errorCatalogue, errorEntry, problemFor } from '@edgeflow/contract';
import { describe, expect, it } from 'vitest';
import { readAnswer } from './answer.ts';

const json = { 'content-type': 'application/json' };
const granted = { device_id: 'dev_1', api_key: 'efk_1', expires_at: '2027-02-21T00:00:00Z' };

function refusal(code: ErrorCode, headers: Record<string, string> = {}) {
  const body = JSON.stringify(problemFor(code, 'req_1'));
  return readAnswer({ status: errorEntry(code).status, headers: { ...json, ...headers }, body });
}

describe('the answer to a claim', () => {
  it('brings credentials with 201', () => {
    expect(readAnswer({ status: 201, headers: json, body: JSON.stringify(granted) })).toEqual({
      kind: 'redeemed',
      grant: { deviceId: 'dev_1', apiKey: 'efk_1', expiresAt: '2027-02-21T00:00:00Z' },
    });
  });

  it.each([{ expires_at: 'some day' }, { expires_at: 42 }, { expires_at: null }, { more: true }])(
    'is not thrown away over %j',
    (odd) => {
      const body = JSON.stringify({ ...granted, ...odd });
      expect(readAnswer({ status: 201, headers: json, body }).kind).toBe('redeemed');
    },
  );

  it.each([
    ['cut short', 201, JSON.stringify(granted).slice(0, 30), 'answer_malformed'],
    ['without a key', 201, '{"device_id":"dev_1"}', 'answer_malformed'],
    ['a login page', 200, '<html>', 'not_the_cloud'],
    ['a redirect to one', 302, '', 'not_the_cloud'],
    ['a proxy that knows no such page', 404, '<html>', 'not_the_cloud'],
    ['a network that wants to be signed in to', 511, '', 'captive_portal'],
    ['a firewall', 403, 'denied', 'not_the_cloud'],
    ['JSON of somebody else', 400, '{"error":"bad"}', 'not_the_cloud'],
    ['a proxy without its cloud', 502, '<html>', 'unavailable'],
    ['a proxy that limits', 429, '', 'unavailable'],
  ])('leaves the outcome open when it is %s', (_what, status, body, code) => {
    expect(readAnswer({ status, headers: json, body })).toMatchObject({ kind: 'later', problem: { code } });
  });

  it('leaves the outcome open when it is the page of a captive portal, and says so', () => {
    const page = { status: 200, headers: { 'content-type': 'text/html' }, body: '<h1>Welcome</h1>' };
    expect(readAnswer(page)).toMatchObject({ kind: 'later', problem: { code: 'captive_portal' } });
  });

  it.each<[ErrorCode, boolean]>([
    ['code_unknown', true],
    ['code_already_used', true],
    ['code_revoked', true],
    ['code_expired', true],
    ['claim_completed', true],
    ['claim_void', true],
    ['binding_mismatch', false],
    ['target_unavailable', false],
    ['device_limit_reached', false],
    ['device_revoked', false],
    ['request_malformed', false],
    ['body_too_large', false],
    ['media_type_unsupported', false],
  ])('is final with %s, after which the claim is over: %s', (code, isOver) => {
    expect(refusal(code)).toMatchObject({ kind: 'refused', isOver, problem: { code } });
  });

  it('is final with a refusal that this version does not know', () => {
    const body = JSON.stringify({ ...problemFor('code_unknown', 'req_1'), code: 'code_of_tomorrow' });
    expect(readAnswer({ status: 422, headers: json, body })).toMatchObject({
      kind: 'refused',
      isOver: false,
    });
  });

  it('is asked for again with every error of the service itself, and with 429', () => {
    for (const [code, { status }] of Object.entries(errorCatalogue)) {
      if (status !== 429 && status < 500) continue;
      expect(refusal(code as ErrorCode), code).toMatchObject({ kind: 'later', problem: { code } });
    }
  });

  it('says how long to wait, in seconds or by its own clock', () => {
    expect(refusal('too_many_attempts', { 'retry-after': '90' })).toMatchObject({ retryAfterSeconds: 90 });
    const headers = {
      date: 'Sat, 21 Feb 1970 12:00:00 GMT',
      'retry-after': 'Sat, 21 Feb 1970 12:01:30 GMT',
    };
    expect(refusal('unavailable', headers)).toMatchObject({ retryAfterSeconds: 90 });
    expect(refusal('unavailable', { 'retry-after': 'soon' })).toMatchObject({ retryAfterSeconds: undefined });
  });
});

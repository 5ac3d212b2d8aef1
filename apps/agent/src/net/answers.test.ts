import { problemFor, problemMediaType } from '@edgeflow/contract';
import { describe, expect, it } from 'vitest';
import { looksLikeTheCloud, notTheCloud, redirected, upgradeRefused } from './answers.ts';
import type { CloudAnswer } from './transport.ts';

function answer(status: number, contentType: string, body: unknown): CloudAnswer {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { status, headers: contentType === '' ? {} : { 'content-type': contentType }, body: text };
}

describe('an answer of the cloud', () => {
  it.each([
    [200, 'application/json', { time: '2026-02-21T12:00:00Z' }],
    [201, 'application/json; charset=utf-8', {}],
    [401, problemMediaType, problemFor('code_unknown', 'req_1')],
  ])('%i %s is recognised', (status, type, body) => {
    expect(looksLikeTheCloud(answer(status, type, body))).toBe(true);
  });

  it.each([
    [200, 'text/html', '<h1>Welcome to the hotel</h1>'],
    [200, '', { time: '2026-02-21T12:00:00Z' }],
    [200, 'application/json', '[]'],
    [200, 'application/json', '"ok"'],
    [200, 'application/json', '{"time'],
    [403, 'application/json', { message: 'blocked by policy' }],
  ])('%i %s %j is not one', (status, type, body) => {
    expect(looksLikeTheCloud(answer(status, type, body))).toBe(false);
  });
});

describe('an answer of something else', () => {
  it('is named by its kind, not by its content', () => {
    const error = notTheCloud(answer(200, 'text/plain; charset=utf-8', 'hello'), 'cloud.example');
    expect(error.code).toBe('not_the_cloud');
    expect(error.message).toBe(
      'cloud.example answered 200 with text/plain, not in the form of an EdgeFlow cloud.',
    );
  });

  it.each([
    [200, 'text/html; charset=utf-8', '<h1>Welcome to the hotel</h1>'],
    [511, 'text/html', '<h1>Sign in</h1>'],
    [511, '', ''],
  ])('is a captive portal’s when it is a page for people: %i %s', (status, type, body) => {
    const error = notTheCloud(answer(status, type, body), 'cloud.example');
    expect(error.code).toBe('captive_portal');
    expect(error.message).not.toContain('Welcome');
  });

  it.each([
    [302, 'http://portal.example/login?token=abc', 'captive_portal'],
    [303, 'https://portal.example/', 'captive_portal'],
    [307, '//portal.example/', 'captive_portal'],
    [301, 'https://portal.example/', 'not_the_cloud'],
    [308, 'https://portal.example/', 'not_the_cloud'],
    [302, '/login', 'not_the_cloud'],
    [302, 'https://cloud.example:8443/', 'not_the_cloud'],
  ])('that points elsewhere, %i to %s, is %s and names no more than the host', (status, location, code) => {
    const error = redirected({ status, headers: { location } }, 'cloud.example');
    expect(error.code).toBe(code);
    expect(error.message).toMatch(/points to (?:portal|cloud)\.example/);
    expect(error.message).not.toMatch(/login|abc/);
  });

  it('is a gateway’s when its status says so', () => {
    expect(notTheCloud(answer(502, 'text/html', ''), 'cloud.example').code).toBe('cloud_unreachable');
  });
});

describe('a refused tunnel', () => {
  it('carries the code of the cloud’s own problem', () => {
    const refusal = answer(503, problemMediaType, problemFor('not_ready', 'req_1'));
    expect(upgradeRefused(refusal, 'cloud.example')).toMatchObject({ code: 'not_ready' });
  });

  it('with a code of a later version is still only a refusal', () => {
    const later = { ...problemFor('forbidden', 'req_1'), code: 'invented_tomorrow' };
    expect(upgradeRefused(answer(403, problemMediaType, later), 'cloud.example').code).toBe('not_the_cloud');
  });
});

import { problemFor, problemMediaType } from '@edgeflow/contract';
import { describe, expect, it } from 'vitest';
import { looksLikeTheCloud, notTheCloud, upgradeRefused } from './answers.ts';
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
    const error = notTheCloud(answer(200, 'text/html; charset=utf-8', '<h1>Welcome</h1>'), 'cloud.example');
    expect(error.code).toBe('not_the_cloud');
    expect(error.message).toBe(
      'cloud.example answered 200 with text/html, not in the form of an EdgeFlow cloud.',
    );
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

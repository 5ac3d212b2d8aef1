import { describe, expect, it } from 'vitest';
import { placeOf } from './place.ts';

const origin = 'https://cloud.example:8443';

describe('the place to come back to after signing in', () => {
  it.each([
    ['/', '/'],
    ['/devices/dev_1?tab=shadow&q=a%2Fb#top', '/devices/dev_1?tab=shadow&q=a%2Fb#top'],
    ['/settings/../codes', '/codes'],
    ['/a b', '/a%20b'],
  ])('%j is one of ours', (value, place) => {
    expect(placeOf(value, origin)).toBe(place);
  });

  it.each([
    ...[
      '//evil.example',
      '/\\evil.example',
      '\\\\evil.example',
      '/\t/evil.example',
      '/\n/evil.example',
      '/\r\\evil.example',
    ],
    ...[
      '/.//evil.example',
      '/x/..//evil.example',
      '/%2e//evil.example',
      '/./\\evil.example',
      ' //evil.example',
    ],
    ...[
      'https://evil.example',
      'https://cloud.example:8443/codes',
      'javascript:alert(1)',
      '\tjavascript:alert(1)',
      'codes',
      '/sign-in',
      '/sign-in?to=%2Fcodes',
      '/codes/../sign-in',
      '',
    ],
    ...[undefined, 7, ['/codes'], { to: '/codes' }],
  ])('%j is none', (value) => {
    expect(placeOf(value, origin)).toBeUndefined();
  });
});

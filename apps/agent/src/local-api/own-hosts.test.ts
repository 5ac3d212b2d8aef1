import { describe, expect, it } from 'vitest';
import { isFromLoopback, isOwnHost, isOwnOrigin, ownHosts } from './own-hosts.ts';

const own = ownHosts({ boundHost: '192.0.2.7', hostname: 'EdgeFlow-Pi', port: 8080, isTls: false });

describe('the device’s own names', () => {
  it.each([
    '127.0.0.1:8080',
    '[::1]:8080',
    'localhost:8080',
    'LOCALHOST:8080',
    'edgeflow-pi:8080',
    'edgeflow-pi.local:8080',
    '192.0.2.7:8080',
    '10.0.0.5:8080',
  ])('%s is one, where the connection arrived at 10.0.0.5', (host) => {
    expect(isOwnHost(own, host, '10.0.0.5')).toBe(true);
  });

  it.each([
    undefined,
    '',
    'evil.example:8080',
    'localhost.evil.example:8080',
    'localhost',
    'localhost:80',
    'localhost:8081',
    '10.0.0.6:8080',
    'localhost:8080@evil.example',
    'user@localhost:8080',
    'localhost:8080/path',
    'localhost:8080, evil.example',
    '[::1:8080',
  ])('%s is none', (host) => {
    expect(isOwnHost(own, host, '10.0.0.5')).toBe(false);
  });

  it('need no port where it is the scheme’s own', () => {
    const secure = ownHosts({ boundHost: '::', hostname: 'pi', port: 443, isTls: true });
    expect(isOwnHost(secure, 'pi', '::ffff:10.0.0.5')).toBe(true);
    expect(isOwnHost(secure, '10.0.0.5', '::ffff:10.0.0.5')).toBe(true);
    expect(isOwnHost(secure, 'pi:443', undefined)).toBe(true);
    expect(isOwnHost(secure, 'pi:80', undefined)).toBe(false);
  });

  it('make an own origin only with the own scheme and port', () => {
    expect(isOwnOrigin(own, 'http://localhost:8080', undefined)).toBe(true);
    for (const origin of [
      'https://localhost:8080',
      'http://localhost',
      'http://evil.example:8080',
      'null',
      '',
    ]) {
      expect(isOwnOrigin(own, origin, undefined)).toBe(false);
    }
  });
});

describe('a request from this machine', () => {
  it.each(['127.0.0.1', '::1', '::ffff:127.0.0.1'])('comes from %s', (address) => {
    expect(isFromLoopback(address)).toBe(true);
  });

  it.each(['192.0.2.7', '::ffff:192.0.2.7', undefined])('does not come from %s', (address) => {
    expect(isFromLoopback(address)).toBe(false);
  });
});

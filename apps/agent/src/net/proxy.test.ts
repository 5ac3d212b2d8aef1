import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { readCloudAddress } from './address.ts';
import { type HttpProxy, proxyFor, readProxy } from './proxy.ts';

function proxyAt(text: string): HttpProxy {
  const reading = readProxy(text);
  if (!reading.ok) throw new Error(reading.problem);
  return reading.proxy;
}

function isProxied(url: string, exceptions: string): boolean {
  const reading = readCloudAddress(url);
  if (!reading.ok) throw new Error(reading.problem);
  return proxyFor(reading.address, { proxy: proxyAt('proxy.example:3128'), exceptions }) !== undefined;
}

describe('HTTPS_PROXY', () => {
  it.each([
    ['proxy.example:3128', 'proxy.example:3128', false],
    ['http://proxy.example', 'proxy.example:80', false],
    ['https://proxy.example', 'proxy.example:443', true],
    ['http://[2001:db8::1]:3128/', '[2001:db8::1]:3128', false],
  ])('%s is %s', (text, label, isTls) => {
    expect(proxyAt(text)).toMatchObject({ label, isTls, hasCredentials: false });
  });

  it('has an identity that changes with scheme, place and credentials, and tells none of them', () => {
    const texts = ['http://u:one@p:3128', 'http://u:two@p:3128', 'https://u:one@p:3128', 'http://p:3128'];
    const identities = texts.map((text) => proxyAt(text).identity);
    expect(new Set(identities).size).toBe(texts.length);
    expect(proxyAt('http://u:one@p:3128').identity).toBe(identities[0]);
    expect(identities.every((identity) => /^[\w+/]{43}=$/.test(identity))).toBe(true);
  });

  it('may hold a user name and a password with escapes, which no print of it shows', () => {
    const proxy = proxyAt('http://us%40er:p%3Ass%25@proxy.example:3128');
    const authorization = `Basic ${Buffer.from('us@er:p:ss%').toString('base64')}`;
    expect(proxy.authorizationHeaders()).toEqual({ 'proxy-authorization': authorization });
    expect(inspect(proxy, { depth: 9 }) + JSON.stringify(proxy)).not.toMatch(/us@er|p:ss|us%40er|p%3Ass/);
  });

  it.each([
    ['socks5://proxy.example:1080', 'of the kind socks5://'],
    ['http://', 'is no address'],
    ['http://us%er:pw@proxy.example', 'a % that is no escape'],
  ])('%s is refused: it %s', (text, problem) => {
    expect(readProxy(text)).toMatchObject({ ok: false, problem: expect.stringContaining(problem) as string });
  });
});

describe('NO_PROXY', () => {
  it.each([
    ['https://cloud.example', ''],
    ['https://cloud.example', 'other.example'],
    ['https://notcloud.example', 'cloud.example'],
    ['https://cloud.example:8443', 'cloud.example:443'],
    ['https://10.1.2.3', '10.2.0.0/16'],
    ['https://10.1.2.3', '1.2.3'],
    ['https://10.1.2.3', '10.0.0.0/99'],
    ['https://[2001:db8::1]:8443', '[2001:db8::1]:443'],
  ])('sends %s through the proxy when it is %j', (url, exceptions) => {
    expect(isProxied(url, exceptions)).toBe(true);
  });

  it.each([
    ['https://cloud.example', '*'],
    ['https://cloud.example', 'other.example, Cloud.Example'],
    ['https://cloud.example', 'localhost example'],
    ['https://cloud.example', '.example'],
    ['https://cloud.example', '*.example'],
    ['https://cloud.example:8443', 'cloud.example:8443'],
    ['https://10.1.2.3', '10.1.2.3'],
    ['https://10.1.2.3:8443', '10.0.0.0/8'],
    ['https://[2001:db8::1]', '2001:db8::/32'],
    ['https://[2001:db8::1]:8443', '[2001:db8::1]:8443'],
    ['https://[2001:db8::1]', '2001:db8::1'],
  ])('sends %s directly when it is %j', (url, exceptions) => {
    expect(isProxied(url, exceptions)).toBe(false);
  });

  it('need not name this machine: loopback is never asked of a proxy', () => {
    expect(isProxied('https://127.0.0.1:8443', '')).toBe(false);
    expect(isProxied('http://localhost:3000', '')).toBe(false);
  });
});

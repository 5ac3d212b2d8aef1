import { describe, expect, it } from 'vitest';
import { isLoopbackHost, readCloudAddress } from './address.ts';

describe('the address of a cloud', () => {
  it.each([
    ['cloud.example', 'https://cloud.example', 443],
    ['Cloud.Example.', 'https://cloud.example', 443],
    ['cloud.example:8443', 'https://cloud.example:8443', 8443],
    ['  https://cloud.example:443/ ', 'https://cloud.example', 443],
    ['HTTPS://cloud.example/', 'https://cloud.example', 443],
    ['wss://cloud.example:8443/tunnel', 'https://cloud.example:8443', 8443],
    ['cloud.example/edgeflow/', 'https://cloud.example/edgeflow', 443],
    ['https://cloud.example/edgeflow/tunnel', 'https://cloud.example/edgeflow', 443],
    ['192.168.1.10:8443', 'https://192.168.1.10:8443', 8443],
    ['::1', 'https://[::1]', 443],
    ['2001:db8::10', 'https://[2001:db8::10]', 443],
    ['[2001:DB8::10]:8443', 'https://[2001:db8::10]:8443', 8443],
    ['bücher.example', 'https://xn--bcher-kva.example', 443],
    ['http://127.0.0.1:3000', 'http://127.0.0.1:3000', 3000],
    ['ws://localhost:3000/tunnel', 'http://localhost:3000', 3000],
    ['http://[::1]', 'http://[::1]', 80],
  ])('%j is %s', (text, url, port) => {
    expect(readCloudAddress(text)).toMatchObject({ ok: true, address: { url, port } });
  });

  it('is read back from its own normal form', () => {
    const first = readCloudAddress('wss://[2001:db8::10]:8443/prefix/tunnel');
    expect(first.ok && readCloudAddress(first.address.url)).toEqual(first);
  });

  it('without a scheme is plain HTTP on loopback when TLS is switched off', () => {
    const reading = readCloudAddress('localhost:3000', false);
    expect(reading).toMatchObject({ ok: true, address: { url: 'http://localhost:3000', isTls: false } });
  });

  it.each([
    ['http://cloud.example', undefined, 'without TLS to another machine'],
    ['cloud.example', false, 'without TLS to another machine'],
    ['http://127.0.0.1.evil.example', undefined, 'without TLS to another machine'],
    ['https://localhost', false, 'says https:// while EDGEFLOW_SAAS_TLS says false'],
    ['http://localhost', true, 'says http:// while EDGEFLOW_SAAS_TLS says true'],
    ['ftp://cloud.example', undefined, 'which is not HTTPS'],
    ['https:/cloud.example', undefined, 'no // after its scheme'],
    ['https:cloud.example', undefined, 'no // after its scheme'],
    ['https://', undefined, 'is no address'],
    ['', undefined, 'is no address'],
    ['8443', undefined, 'is only a number'],
    ['cloud.example:99999', undefined, 'is no address'],
    ['cloud.example:0', undefined, 'has port 0'],
    ['cloud example', undefined, 'holds spaces'],
    ['https://0.0.0.0:8443', undefined, 'names no host'],
    ['https://cloud.example/?x=1', undefined, 'goes on after a ? or #'],
    ['https://cloud.example/add#v=1&code=PROV-A1B2-C3D4&c=AB', undefined, 'is a provisioning link'],
    ['fe80::1%eth0', undefined, 'is no address'],
  ])('%j (TLS %s) is refused: it %s', (text, wantsTls, problem) => {
    expect(readCloudAddress(text, wantsTls)).toMatchObject({
      ok: false,
      problem: expect.stringContaining(problem) as string,
    });
  });

  it('with a password is refused without repeating it', () => {
    const reading = readCloudAddress('https://operator:hunter2@cloud.example');
    expect(reading.ok).toBe(false);
    expect(JSON.stringify(reading)).not.toContain('hunter2');
  });
});

describe('loopback', () => {
  it.each(['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1', 'localhost', 'cloud.localhost'])(
    'is %s',
    (host) => {
      expect(isLoopbackHost(host)).toBe(true);
    },
  );

  it.each(['128.0.0.1', '::2', '0.0.0.0', 'localhost.example', 'notlocalhost', '127.0.0.1.example'])(
    'is not %s',
    (host) => {
      expect(isLoopbackHost(host)).toBe(false);
    },
  );
});

import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { networkInterfaces } from 'node:os';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { makeCertificate, type TestCertificate } from './testing/certificates.ts';
import { closeAll, keep } from './testing/cleanup.ts';
import { listen, startHttp, startHttps, startProxy, startTcp } from './testing/servers.ts';
import { get, outwait, proxyAt, transportTo } from './testing/transports.ts';

let authority: TestCertificate;
let leaf: TestCertificate;

beforeAll(async () => {
  authority = await makeCertificate({ name: 'CA', isAuthority: true });
  leaf = await makeCertificate({ name: 'cloud', issuer: authority, hosts: ['127.0.0.1', 'cloud.test'] });
});

afterEach(closeAll);

function pinned(): { trust: { pins: string[] } } {
  return { trust: { pins: [authority.pin] } };
}

function lookupFailure(code: string): () => Promise<never> {
  return () => Promise.reject(Object.assign(new Error(`getaddrinfo ${code}`), { code }));
}

describe('a name', () => {
  it('that does not exist is reported as that', async () => {
    const transport = transportTo('https://cloud.test', { resolve: lookupFailure('ENOTFOUND') });
    const message = 'The name cloud.test does not resolve: there is no such name.';
    await expect(get(transport)).rejects.toMatchObject({ code: 'name_not_resolved', message });
  });

  it('that no name server answers for asks about the network', async () => {
    const transport = transportTo('https://cloud.test', { resolve: lookupFailure('EAI_AGAIN') });
    const message = expect.stringContaining('is the network up?') as string;
    await expect(get(transport)).rejects.toMatchObject({ code: 'name_not_resolved', message });
  });

  it('whose lookup never ends is given up', async () => {
    const outcome = await outwait(Promise.resolve(), (time) =>
      get(transportTo('https://cloud.test', { time, resolve: () => Promise.withResolvers<never>().promise })),
    );
    expect(outcome).toMatchObject({ reason: { code: 'name_not_resolved' } });
  });

  it('with a dead first address is reached by its second', async () => {
    const running = keep(await startHttps([leaf, authority]));
    const resolve = () =>
      Promise.resolve([
        { address: '127.0.0.2', family: 4 },
        { address: '127.0.0.1', family: 4 },
      ]);
    const transport = transportTo(`https://cloud.test:${String(running.port)}`, { ...pinned(), resolve });
    await expect(get(transport)).resolves.toMatchObject({ status: 200 });
  });
});

describe('a host', () => {
  it('on whose port nothing listens is reported as refusing', async () => {
    const gone = await startTcp(() => undefined);
    await gone.close();
    const transport = transportTo(`https://127.0.0.1:${String(gone.port)}`);
    const message = expect.stringContaining('refused the connection: nothing listens') as string;
    await expect(get(transport)).rejects.toMatchObject({ code: 'cloud_unreachable', message });
  });

  it('that accepts and then says nothing is given up in the TLS handshake', async () => {
    const silent = keep(await startTcp(() => undefined));
    const outcome = await outwait(once(silent.server, 'connection'), (time) =>
      get(transportTo(`https://127.0.0.1:${String(silent.port)}`, { time, ...pinned() })),
    );
    const message = expect.stringContaining('did not finish the TLS handshake') as string;
    expect(outcome).toMatchObject({ reason: { code: 'cloud_unreachable', message } });
  });

  it('that closes during the TLS handshake is unreachable', async () => {
    const rude = keep(await startTcp((socket) => socket.once('data', () => socket.destroy())));
    const transport = transportTo(`https://127.0.0.1:${String(rude.port)}`);
    await expect(get(transport)).rejects.toMatchObject({ code: 'cloud_unreachable' });
  });

  it('that speaks plain HTTP on the TLS port is not the cloud', async () => {
    const plain = keep(await startHttp((_request, response) => response.end('hello')));
    const transport = transportTo(`https://127.0.0.1:${String(plain.port)}`);
    const message = expect.stringContaining('does not speak TLS on this port') as string;
    await expect(get(transport)).rejects.toMatchObject({ code: 'not_the_cloud', message });
  });

  it('that offers nothing later than TLS 1.1 is refused', async () => {
    const { certificatePem: cert, keyPem: key } = leaf;
    const versions = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    const old = createTlsServer({ cert, key, ...versions });
    old.on('tlsClientError', () => undefined);
    const running = keep(await listen(old));
    const transport = transportTo(`https://127.0.0.1:${String(running.port)}`, pinned());
    await expect(get(transport)).rejects.toMatchObject({
      code: 'tls_untrusted',
      message: expect.stringContaining('TLS 1.2 or later') as string,
    });
  });
});

describe('plain HTTP', () => {
  it('reaches a cloud on this machine', async () => {
    const running = keep(await startHttp((_request, response) => response.end('{}')));
    await expect(get(transportTo(`http://localhost:${String(running.port)}`))).resolves.toMatchObject({
      status: 200,
    });
  });

  it('is not spoken to an address beyond this machine that calls itself localhost', async () => {
    const outside = Object.values(networkInterfaces())
      .flat()
      .find((entry) => entry?.internal === false && entry.family === 'IPv4');
    let requests = 0;
    const running = keep(
      await listen(
        createHttpServer(() => (requests += 1)),
        '0.0.0.0',
      ),
    );
    const transport = transportTo(`http://localhost:${String(running.port)}`, {
      resolve: () => Promise.resolve([{ address: outside?.address ?? '192.0.2.1', family: 4 }]),
    });
    const code = outside === undefined ? 'cloud_unreachable' : 'tls_untrusted';
    await expect(get(transport)).rejects.toMatchObject({ code });
    expect(requests).toBe(0);
  });
});

describe('a proxy', () => {
  it('resolves and connects on behalf of the device; TLS goes through it to the cloud itself', async () => {
    const cloud = keep(await startHttps([leaf, authority]));
    const proxy = keep(await startProxy({ targetPort: () => cloud.port }));
    const transport = transportTo('https://cloud.test:8443', {
      ...pinned(),
      proxy: proxyAt(proxy.port),
      resolve: () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]),
    });
    await expect(get(transport)).resolves.toMatchObject({ status: 200 });
    // One look at the pinned authority, one connection; neither with credentials.
    expect(proxy.asked).toEqual(Array(2).fill({ target: 'cloud.test:8443', authorization: undefined }));
  });

  it('is given the user name and password of HTTPS_PROXY, and the cloud is not', async () => {
    const seen: (string | undefined)[] = [];
    const cloud = keep(
      await startHttps([leaf, authority], (request, response) => {
        seen.push(request.headers['proxy-authorization']);
        response.end('{}');
      }),
    );
    const proxy = keep(await startProxy({ targetPort: () => cloud.port, credentials: 'us@er:pass' }));
    const settings = proxyAt(proxy.port, 'us%40er:pass@');
    const transport = transportTo('https://cloud.test', { ...pinned(), proxy: settings });
    await expect(get(transport)).resolves.toMatchObject({ status: 200 });
    expect(seen).toEqual([undefined]);
  });

  it.each([
    ['', 'asks for a user name and password (407): HTTPS_PROXY holds none'],
    ['user:wrong@', 'did not accept the user name and password in HTTPS_PROXY (407)'],
  ])('that insists on other credentials than %j says so, and repeats none', async (credentials, text) => {
    const proxy = keep(await startProxy({ targetPort: () => 1, credentials: 'user:pass' }));
    const transport = transportTo('https://cloud.test', { proxy: proxyAt(proxy.port, credentials) });
    const error = await get(transport).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'proxy_refused', message: expect.stringContaining(text) as string });
    expect(JSON.stringify(error)).not.toContain('wrong');
  });

  it.each([
    [403, 'proxy_refused', 'does not allow connections to cloud.test:443'],
    [504, 'cloud_unreachable', 'could not reach cloud.test:443 (it answered 504)'],
  ])('that answers %i is reported as %s', async (refuseWith, code, text) => {
    const proxy = keep(await startProxy({ targetPort: () => 1, refuseWith }));
    const transport = transportTo('https://cloud.test', { proxy: proxyAt(proxy.port) });
    const message = expect.stringContaining(text) as string;
    await expect(get(transport)).rejects.toMatchObject({ code, message });
  });

  it('that is not there is the proxy’s problem, not the cloud’s', async () => {
    const gone = await startTcp(() => undefined);
    await gone.close();
    const transport = transportTo('https://cloud.test', { proxy: proxyAt(gone.port) });
    const message = expect.stringContaining(
      `The proxy 127.0.0.1:${String(gone.port)} cannot be used`,
    ) as string;
    await expect(get(transport)).rejects.toMatchObject({ code: 'proxy_refused', message });
  });

  it('that says nothing is given up', async () => {
    const silent = keep(await startTcp(() => undefined));
    const outcome = await outwait(once(silent.server, 'connection'), (time) =>
      get(transportTo('https://cloud.test', { time, proxy: proxyAt(silent.port) })),
    );
    const message = expect.stringContaining('did not answer in time') as string;
    expect(outcome).toMatchObject({ reason: { code: 'proxy_refused', message } });
  });

  it.each([
    ['is no proxy', 'SSH-2.0-OpenSSH_9.2\r\n', 'answered in no form of HTTP'],
    [
      'never ends the head of its answer',
      `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(70_000)}`,
      'HPE_HEADER_OVERFLOW',
    ],
    ['talks before it is spoken to', 'HTTP/1.1 200 OK\r\n\r\nsurprise', 'sent data before'],
  ])('that %s is given up', async (_name, says, text) => {
    const odd = keep(await startTcp((socket) => socket.once('data', () => socket.write(says))));
    const transport = transportTo('https://cloud.test', { proxy: proxyAt(odd.port) });
    const message = expect.stringContaining(text) as string;
    await expect(get(transport)).rejects.toMatchObject({ code: 'proxy_refused', message });
  });

  it('is left out for what NO_PROXY names', async () => {
    const cloud = keep(await startHttps([leaf, authority]));
    const proxy = keep(await startProxy({ targetPort: () => cloud.port }));
    const transport = transportTo(`https://cloud.test:${String(cloud.port)}`, {
      ...pinned(),
      proxy: proxyAt(proxy.port, '', '.test'),
      resolve: () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]),
    });
    await expect(get(transport)).resolves.toMatchObject({ status: 200 });
    expect(proxy.asked).toEqual([]);
  });
});

describe('a request that is called off', () => {
  it('ends at once, in whatever phase it is', async () => {
    const silent = keep(await startTcp(() => undefined));
    const controller = new AbortController();
    silent.server.once('connection', () => {
      controller.abort();
    });
    const transport = transportTo(`https://127.0.0.1:${String(silent.port)}`);
    const request = {
      method: 'GET',
      path: '/',
      headers: {},
      timeoutMs: 60_000,
      signal: controller.signal,
    } as const;
    await expect(transport.request(request)).rejects.toMatchObject({ name: 'TransportError' });
  });
});

describe('a probe', () => {
  it('tells what it found in each phase and sends nothing', async () => {
    let requests = 0;
    const cloud = keep(await startHttps([leaf, authority], () => (requests += 1)));
    const transport = transportTo(`https://127.0.0.1:${String(cloud.port)}`, pinned());
    const probe = await transport.probe();
    expect([...probe.passed.keys()]).toEqual(['resolve', 'tcp', 'tls', 'pin']);
    expect(probe.passed.get('tls')).toMatch(/^TLSv1\.3, “CN=cloud” by “CN=CA”, valid until 20/);
    expect(probe.passed.get('pin')).toContain('“CN=CA” by “CN=CA”');
    expect(probe).not.toHaveProperty('failure');
    expect(requests).toBe(0);
  });

  it('names the phase that failed', async () => {
    const cloud = keep(await startHttps([leaf, authority]));
    const url = `https://127.0.0.1:${String(cloud.port)}`;
    const phaseOf = async (pins: string[]): Promise<unknown> =>
      (await transportTo(url, { trust: { pins } }).probe()).failure?.phase;
    expect(await phaseOf([])).toBe('tls');
    expect(await phaseOf([(await makeCertificate({ name: 'x' })).pin])).toBe('pin');
    const unresolved = transportTo('https://cloud.test', { resolve: lookupFailure('ENOTFOUND') });
    expect((await unresolved.probe()).failure).toMatchObject({ phase: 'resolve' });
  });

  it('through a proxy tells what the proxy does', async () => {
    const cloud = keep(await startHttps([leaf, authority]));
    const proxy = keep(await startProxy({ targetPort: () => cloud.port }));
    const probe = await transportTo('https://cloud.test', {
      ...pinned(),
      proxy: proxyAt(proxy.port),
    }).probe();
    expect([...probe.passed.keys()]).toEqual(['resolve', 'proxy', 'tcp', 'tls', 'pin']);
    expect(probe.passed.get('resolve')).toBe('cloud.test is resolved by the proxy');
  });
});

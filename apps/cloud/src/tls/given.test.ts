import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemRandom } from '@edgeflow/platform';
import { SimulatedFiles, SimulatedTime } from '@edgeflow/platform/simulated';
import type { SettingError } from '../config/problem.ts';
import { createLogger, type Logger } from '../logging.ts';
import { openGivenCertificate } from './given.ts';
import { readChain, spkiPin } from './pins.ts';
import type { CertificateSource } from './source.ts';
import { type Authority, connectTo, makeAuthority, makePair, presented, serveWith } from './test-support.ts';

const paths = { certificate: '/tls/chain.pem', key: '/tls/key.pem' };
const closing: (() => void)[] = [];
let files: SimulatedFiles;
let time: SimulatedTime;
let logger: Logger;
let lines: string[];
let ca: Authority;

beforeEach(async () => {
  files = new SimulatedFiles();
  // Certificates are judged by the machine's own clock where TLS verifies them.
  time = new SimulatedTime(Date.now());
  lines = [];
  logger = createLogger({
    level: 'info',
    pretty: false,
    destination: { write: (line) => void lines.push(line) },
  });
  await files.makeFolder('/tls');
  ca = await makeAuthority(time.now());
});

afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function put(pair: { chain?: string; key?: string }): Promise<void> {
  if (pair.chain !== undefined) await files.write(paths.certificate, Buffer.from(pair.chain), 0o644);
  if (pair.key !== undefined) await files.write(paths.key, Buffer.from(pair.key), 0o600);
}

function open(): Promise<CertificateSource> {
  return openGivenCertificate(paths, { files, clock: time, timers: time, random: systemRandom, logger });
}

async function look(times = 1): Promise<void> {
  await time.advance(5000 * times);
}

describe('a certificate from TLS_CERT_FILE', () => {
  it('is seen by new connections as soon as it changed, while an old connection stays', async () => {
    const [before, after] = [await makePair(ca, time.now()), await makePair(ca, time.now())];
    await put(before);
    const source = await open();
    const { server, port } = await serveWith(source);
    closing.push(() => server.close());
    const old = await connectTo(port, { ca: ca.certificatePem });
    closing.push(() => old.destroy());
    expect(presented(old).fingerprint256).toBe(readChain(before.chain)[0].fingerprint256);

    await put(after);
    await look();
    const fresh = await connectTo(port, { ca: ca.certificatePem });
    closing.push(() => fresh.destroy());
    expect(presented(fresh).fingerprint256).toBe(readChain(after.chain)[0].fingerprint256);

    old.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    const [answer] = (await once(old, 'data')) as [Buffer];
    expect(answer.toString()).toContain('200 OK');
  });

  it('stays in use when the files are broken, and the log says so once', async () => {
    const good = await makePair(ca, time.now());
    await put(good);
    const source = await open();
    let changes = 0;
    source.watch(() => (changes += 1));
    await put({ key: (await makePair(ca, time.now())).key });
    await look(5);
    expect(source.secureContextOptions()).toMatchObject({ cert: good.chain, key: good.key });
    expect(changes).toBe(0);
    expect(lines.filter((line) => line.includes('is not the key of the first certificate'))).toHaveLength(1);
    expect(lines.join('')).not.toContain('PRIVATE KEY');
  });

  it('may be replaced one file after the other without a word', async () => {
    await put(await makePair(ca, time.now()));
    const source = await open();
    let changes = 0;
    source.watch(() => (changes += 1));
    const after = await makePair(ca, time.now());
    await put({ chain: after.chain });
    await look();
    await put({ key: after.key });
    await look();
    expect(source.secureContextOptions().key).toBe(after.key);
    expect(changes).toBe(1);
    expect(lines.filter((line) => line.includes('"error"'))).toEqual([]);
  });

  it('is looked at no more once watching has ended', async () => {
    const before = await makePair(ca, time.now());
    await put(before);
    const source = await open();
    source.watch(() => undefined)();
    await put(await makePair(ca, time.now()));
    await look(3);
    expect(source.secureContextOptions().cert).toBe(before.chain);
    expect(time.pendingCount).toBe(0);
  });

  it('gives the pin of the last certificate sent, when no public authority stands behind it', async () => {
    await put(await makePair(ca, time.now()));
    const source = await open();
    expect(source.pins).toEqual([spkiPin(readChain(ca.certificatePem)[0])]);
    expect(source.caPem).toBeUndefined();
  });

  it('is announced when it expires soon, and when it has', async () => {
    await put(await makePair(ca, time.now() - 390 * 24 * 3600 * 1000));
    await open();
    await put(await makePair(ca, time.now() - 400 * 24 * 3600 * 1000));
    await open();
    expect(lines[0]).toContain('expires soon');
    expect(lines[1]).toContain('has expired');
  });
});

describe('a pair that does not work stops the start', () => {
  it.each([
    ['no certificate file', { key: 'x' }, 'TLS_CERT_FILE', 'cannot be read (ENOENT)'],
    ['no certificate in it', { chain: 'x', key: 'x' }, 'TLS_CERT_FILE', 'holds no readable PEM certificate'],
  ])('%s', async (_, pair, setting, words) => {
    await put(pair);
    const error = (await open().catch((caught: unknown) => caught)) as SettingError;
    expect(error.problems).toMatchObject([{ setting }]);
    expect(error.message).toContain(words);
  });

  it('no key, a damaged key, and the key of another certificate', async () => {
    await put({ chain: (await makePair(ca, time.now())).chain });
    await expect(open()).rejects.toThrow(/TLS_KEY_FILE: .* cannot be read \(ENOENT\)/);
    await put({ key: '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n' });
    await expect(open()).rejects.toThrow('holds no PEM private key that can be used');
    await put({ key: ca.keyPem });
    await expect(open()).rejects.toThrow('is not the key of the first certificate');
  });
});

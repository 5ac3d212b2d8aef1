import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemFiles, systemRandom } from '@edgeflow/platform';
import { SimulatedFiles, SimulatedTime } from '@edgeflow/platform/simulated';
import { createLogger } from '../logging.ts';
import { openCertificates } from './index.ts';
import { spkiPin } from './pins.ts';
import type { CertificateSource } from './source.ts';
import { connectTo, presented, serveWith } from './test-support.ts';

const dayMs = 24 * 3600 * 1000;
const logger = createLogger({ level: 'fatal', pretty: false, destination: { write: () => undefined } });
const closing: (() => void)[] = [];
let folder: string;
let time: SimulatedTime;
let addresses: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'edgeflow-tls-'));
  time = new SimulatedTime(Date.now());
  addresses = ['192.0.2.7'];
});

afterEach(async () => {
  for (const close of closing.splice(0)) close();
  await rm(folder, { recursive: true });
});

function open(files = systemFiles, dataFolder = folder): Promise<CertificateSource> {
  return openCertificates({
    files,
    clock: time,
    timers: time,
    random: systemRandom,
    logger,
    certificateFiles: undefined,
    dataFolder,
    hostName: 'board-7',
    otherNames: ['edge.example'],
    addresses: () => addresses,
  });
}

function leafOf(source: CertificateSource): X509Certificate {
  return new X509Certificate(source.secureContextOptions().cert);
}

function inFolder(name: string): string {
  return join(folder, 'tls', name);
}

describe('the development certificate', () => {
  it('is trusted with the CA file, for every name of the machine, by a real TLS client', async () => {
    const source = await open();
    const { server, port } = await serveWith(source);
    closing.push(() => server.close());
    for (const servername of ['localhost', 'board-7', 'board-7.local', 'edge.example']) {
      const socket = await connectTo(port, { ca: source.caPem, servername });
      expect(socket.authorized).toBe(true);
      socket.destroy();
    }
    const leaf = leafOf(source);
    for (const address of ['127.0.0.1', '::1', '192.0.2.7']) expect(leaf.checkIP(address)).toBe(address);
    await expect(connectTo(port, { ca: source.caPem, servername: 'other.example' })).rejects.toThrow(
      'does not match',
    );
    await expect(connectTo(port, { servername: 'localhost' })).rejects.toThrow();
  });

  it('is sent together with its CA, so that the printed pin is found in the chain', async () => {
    const source = await open();
    const { server, port } = await serveWith(source);
    closing.push(() => server.close());
    const socket = await connectTo(port, { ca: source.caPem, servername: 'localhost' });
    closing.push(() => socket.destroy());
    const issuer = socket.getPeerCertificate(true).issuerCertificate;
    expect(source.pins).toEqual([spkiPin(new X509Certificate(issuer.raw))]);
    expect(source.pins[0]).toMatch(/^sha256\/[A-Za-z0-9+/]{43}=$/);
    expect(presented(socket).subject).toBe('CN=EdgeFlow cloud');
  });

  it('has bounded lives that began before today', async () => {
    const source = await open();
    const leaf = leafOf(source);
    const ca = new X509Certificate(source.caPem ?? '');
    const days = (certificate: X509Certificate): number =>
      (certificate.validToDate.getTime() - certificate.validFromDate.getTime()) / dayMs;
    expect(days(leaf)).toBe(397);
    expect(days(ca)).toBe(3650);
    expect(time.now() - leaf.validFromDate.getTime()).toBeGreaterThan(1.9 * dayMs);
    expect(ca.ca).toBe(true);
    expect(leaf.ca).toBe(false);
    expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
  });

  it('keeps its keys to its owner', async () => {
    const source = await open();
    for (const name of ['ca.key', 'server.key']) {
      expect((await stat(inFolder(name))).mode & 0o777).toBe(0o600);
    }
    expect(source.caFile).toBe(inFolder('ca.pem'));
    expect(await readFile(inFolder('ca.pem'), 'utf8')).toBe(source.caPem);
  });
});

describe('the development certificate at the next start', () => {
  it('is the same while its names and life hold', async () => {
    const first = await open();
    time.setWallClock(time.now() + 200 * dayMs);
    const second = await open();
    expect(second.secureContextOptions()).toEqual(first.secureContextOptions());
  });

  it('is renewed with the same keys when a third of its life is left', async () => {
    const first = await open();
    time.setWallClock(time.now() + 264 * dayMs);
    const second = await open();
    expect(leafOf(second).serialNumber).not.toBe(leafOf(first).serialNumber);
    expect(spkiPin(leafOf(second))).toBe(spkiPin(leafOf(first)));
    expect(second.caPem).toBe(first.caPem);
  });

  it('is renewed with the same keys when the machine has a new address', async () => {
    const first = await open();
    addresses = ['198.51.100.9'];
    const second = await open();
    expect(leafOf(second).checkIP('198.51.100.9')).toBe('198.51.100.9');
    expect(spkiPin(leafOf(second))).toBe(spkiPin(leafOf(first)));
  });

  it('keeps its pin when the CA itself is renewed', async () => {
    const first = await open();
    time.setWallClock(time.now() + 2500 * dayMs);
    const second = await open();
    expect(second.caPem).not.toBe(first.caPem);
    expect(second.pins).toEqual(first.pins);
    expect(leafOf(second).verify(new X509Certificate(first.caPem ?? '').publicKey)).toBe(true);
  });

  it('is repaired when files other than the key of the CA are lost or damaged', async () => {
    const first = await open();
    await unlink(inFolder('server.pem'));
    await unlink(inFolder('ca.pem'));
    await writeFile(inFolder('server.key'), 'damaged');
    const second = await open();
    expect(second.pins).toEqual(first.pins);
    expect(leafOf(second).checkIssued(new X509Certificate(second.caPem ?? ''))).toBe(true);
  });

  it('is refused, and no other CA is made, when the key of the CA is lost or damaged', async () => {
    await open();
    await writeFile(inFolder('ca.key'), 'damaged');
    await expect(open()).rejects.toThrow(/ca.key is damaged.*Restore ca.key/);
    await unlink(inFolder('ca.key'));
    await expect(open()).rejects.toThrow(/ca.key is missing.*Restore ca.key/);
  });
});

describe('the development certificate while the cloud runs', () => {
  it('follows the addresses of the machine', async () => {
    const source = await open();
    const { server, port } = await serveWith(source);
    closing.push(() => server.close());
    addresses = ['192.0.2.7', '198.51.100.9'];
    const renewed = Promise.withResolvers<boolean>();
    closing.push(source.watch(() => renewed.resolve(true)));
    await time.advance(60_000);
    await renewed.promise;
    const socket = await connectTo(port, { ca: source.caPem, servername: 'localhost' });
    closing.push(() => socket.destroy());
    expect(presented(socket).checkIP('198.51.100.9')).toBe('198.51.100.9');
  });

  it('is whole again after a crash at any step of its making', async () => {
    const steps: number[] = [];
    for (let crashAt = 1; ; crashAt += 1) {
      const files = new SimulatedFiles();
      await files.makeFolder('/data');
      let step = 0;
      files.fault = () => ((step += 1) >= crashAt ? 'EIO' : undefined);
      const first = await open(files, '/data').catch(() => undefined);
      files.fault = () => undefined;
      files.powerCut();
      const source = await open(files, '/data');
      expect(leafOf(source).verify(new X509Certificate(source.caPem ?? '').publicKey)).toBe(true);
      if (first !== undefined) {
        expect(source.pins).toEqual(first.pins);
        break;
      }
      steps.push(crashAt);
    }
    expect(steps.length).toBeGreaterThan(16);
  });

  it('says what to do when the folder cannot be written', async () => {
    const files = new SimulatedFiles();
    files.fault = (name) => (name === 'write' ? 'ENOSPC' : undefined);
    await expect(open(files, '/data')).rejects.toThrow(
      /\/data\/tls: cannot be used \(ENOSPC\).*TLS_CERT_FILE and TLS_KEY_FILE/,
    );
  });
});

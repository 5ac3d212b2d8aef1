import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemFiles, systemRandom } from '@edgeflow/platform';
import { SeededRandom, SimulatedFiles } from '@edgeflow/platform/simulated';
import { createKeyRing, keyRingExists, loadKeyRing } from './ring-file.ts';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'edgeflow-ring-'));
  path = join(folder, 'data', 'server-keys.json');
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function written(text: string, mode = 0o600): Promise<string> {
  const file = join(folder, 'ring.json');
  await writeFile(file, text, { mode });
  await chmod(file, mode);
  return file;
}

const key = Buffer.alloc(32, 1).toString('base64');
const good = { format: 'edgeflow-server-keys/1', current: 'k_1', keys: { k_1: key } };

describe('a key ring on disk', () => {
  it('reads back as it was made, for its owner alone', async () => {
    expect(await keyRingExists(systemFiles, path)).toBe(false);
    const made = await createKeyRing(systemFiles, path, systemRandom);
    expect(await keyRingExists(systemFiles, path)).toBe(true);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const loaded = await loadKeyRing(systemFiles, path);
    expect(loaded.currentId).toBe(made.currentId);
    expect(loaded.checkValue(loaded.currentId)).toBe(made.checkValue(made.currentId));
  });

  it('is never overwritten', async () => {
    await createKeyRing(systemFiles, path, systemRandom);
    const before = await readFile(path, 'utf8');
    await expect(createKeyRing(systemFiles, path, systemRandom)).rejects.toThrow('exists already');
    expect(await readFile(path, 'utf8')).toBe(before);
  });

  it('survives a power cut as soon as it was made', async () => {
    const files = new SimulatedFiles();
    const made = await createKeyRing(files, '/data/server-keys.json', new SeededRandom(1));
    files.powerCut();
    const loaded = await loadKeyRing(files, '/data/server-keys.json');
    expect(loaded.checkValue(loaded.currentId)).toBe(made.checkValue(made.currentId));
  });

  it('is not half made on a full disk, and the text says what to do', async () => {
    const files = new SimulatedFiles();
    files.fault = (step) => (step === 'sync' ? 'ENOSPC' : undefined);
    const making = createKeyRing(files, '/data/server-keys.json', new SeededRandom(1));
    await expect(making).rejects.toThrow(/cannot be written \(ENOSPC\).*free space/);
    expect(await keyRingExists(files, '/data/server-keys.json')).toBe(false);
  });
});

describe('a key ring that cannot be used is refused', () => {
  it('when it is missing', async () => {
    await expect(loadKeyRing(systemFiles, path)).rejects.toThrow(
      /does not exist.*Restore it from the backup/,
    );
  });

  it.each([0o640, 0o604, 0o660])('when its mode is %o', async (mode) => {
    const file = await written(JSON.stringify(good), mode);
    await expect(loadKeyRing(systemFiles, file)).rejects.toThrow(`chmod 600 ${file}`);
  });

  it.each([0o600, 0o400])('but not when its mode is %o', async (mode) => {
    const file = await written(JSON.stringify(good), mode);
    expect((await loadKeyRing(systemFiles, file)).currentId).toBe('k_1');
  });

  it('when it is a folder', async () => {
    await expect(loadKeyRing(systemFiles, folder)).rejects.toThrow('is not a file');
  });

  it.each([
    ['cut short', JSON.stringify(good).slice(0, 40), 'not JSON'],
    ['of another format', JSON.stringify({ ...good, format: 'x' }), 'format is not as expected'],
    ['without its current key', JSON.stringify({ ...good, current: 'k_2' }), 'current is not as expected'],
    [
      'with a short key',
      JSON.stringify({ ...good, keys: { k_1: key.slice(0, 20) } }),
      'keys is not as expected',
    ],
  ])('when it is %s, without quoting it', async (_, text, words) => {
    const file = await written(text);
    const error = await loadKeyRing(systemFiles, file).catch((caught: unknown) => caught);
    expect(String(error)).toContain(words);
    expect(String(error)).not.toContain(key.slice(0, 8));
  });
});

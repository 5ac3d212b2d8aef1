import { describe, expect, it } from 'vitest';
import { SeededRandom, type SimulatedFiles } from '@edgeflow/platform/simulated';
import { loadLocalToken } from './local-token.ts';
import { emptyDisk, putFile, stateFolder } from './test-support.ts';

const path = `${stateFolder}/local-token`;

function load(files: SimulatedFiles, seed = 1): ReturnType<typeof loadLocalToken> {
  return loadLocalToken({ files, random: new SeededRandom(seed), stateFolder });
}

async function textOn(files: SimulatedFiles): Promise<string> {
  return Buffer.from(await files.read(path))
    .toString()
    .trim();
}

describe('the token of the local API', () => {
  it('is made when it is missing: 43 characters, mode 0600, durable, and the same at the next start', async () => {
    const files = await emptyDisk();
    const { token, notices } = await load(files);
    files.powerCut();
    expect(notices).toEqual([]);
    expect(await textOn(files)).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect((await files.stat(path))?.mode).toBe(0o600);
    expect(token.matches(await textOn(files))).toBe(true);
    expect((await load(files, 2)).token.matches(await textOn(files))).toBe(true);
  });

  it('matches itself alone', async () => {
    const files = await emptyDisk();
    const { token } = await load(files);
    const text = await textOn(files);
    for (const other of [undefined, '', text.slice(1), `${text} `, text.toLowerCase(), 'x'.repeat(43)]) {
      expect(token.matches(other)).toBe(false);
    }
  });

  it('does not show in a log of the object', async () => {
    const files = await emptyDisk();
    const { token } = await load(files);
    expect(JSON.stringify(token)).toBe(`{"path":"${path}"}`);
  });

  it.each(['', 'short', 'x'.repeat(44), '\u0000'.repeat(43), 'x'.repeat(2000)])(
    'is made anew, and that is said, where the file holds none',
    async (content) => {
      const files = await emptyDisk();
      await putFile(files, path, content);
      const { token, notices } = await load(files);
      expect(notices).toMatchObject([{ code: 'token_replaced' }]);
      expect(token.matches(await textOn(files))).toBe(true);
    },
  );

  it('draws a warning where others may read it', async () => {
    const files = await emptyDisk();
    await load(files);
    await files.write(path, await files.read(path), 0o644);
    expect((await load(files)).notices).toMatchObject([{ code: 'token_open_to_others' }]);
  });

  it('that cannot be read is not replaced', async () => {
    const files = await emptyDisk();
    await load(files);
    files.fault = (step) => (step === 'read' ? 'EACCES' : undefined);
    await expect(load(files)).rejects.toMatchObject({ code: 'permission' });
  });
});

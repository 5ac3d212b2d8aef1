import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FileError, fileErrorCode, removeDurably, writeAtomically } from './files.ts';
import { SimulatedFiles } from './simulated/files.ts';
import { SeededRandom } from './simulated/random.ts';

const path = '/state/identity';
const content = fc.uint8Array({ minLength: 2, maxLength: 64 });
const names = fc.constantFrom('lost' as const, 'kept' as const);

async function diskWith(old: Uint8Array | undefined): Promise<SimulatedFiles> {
  const files = new SimulatedFiles();
  await files.makeFolder('/state');
  if (old !== undefined) await writeAtomically(files, path, old, 0o600);
  return files;
}

/** Lets `stepsMax` steps happen and then cuts the power: nothing after them reaches the disk. */
function dieAfter(files: SimulatedFiles, stepsMax: number): void {
  let steps = 0;
  files.fault = () => {
    steps += 1;
    return steps > stepsMax ? 'EIO' : undefined;
  };
}

async function contentOf(files: SimulatedFiles): Promise<Uint8Array | undefined> {
  const facts = await files.stat(path);
  return facts === undefined ? undefined : files.read(path);
}

describe('an atomic write', () => {
  it('leaves the old bytes or the new after a power cut at any step, on either kind of file system', async () => {
    const old = fc.option(content, { nil: undefined });
    await fc.assert(
      fc.asyncProperty(
        old,
        content,
        fc.nat({ max: 5 }),
        names,
        async (before, after, steps, unsyncedNames) => {
          const files = await diskWith(before);
          dieAfter(files, steps);
          const outcome = await writeAtomically(files, path, after, 0o600).then(
            () => 'resolved',
            () => 'rejected',
          );
          files.powerCut(unsyncedNames);
          files.fault = () => undefined;
          const found = await contentOf(files);
          // Resolved means durable; four steps are all there are.
          expect(outcome).toBe(steps >= 4 ? 'resolved' : 'rejected');
          expect(outcome === 'resolved' ? [after] : [before, after]).toContainEqual(found);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('works again after any number of crashes, over whatever they left behind', async () => {
    const crashes = fc.array(fc.tuple(content, fc.nat({ max: 4 }), names), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(crashes, content, async (attempts, last) => {
        const files = await diskWith(undefined);
        for (const [bytes, steps, unsyncedNames] of attempts) {
          dieAfter(files, steps);
          await writeAtomically(files, path, bytes, 0o600).catch(() => undefined);
          files.powerCut(unsyncedNames);
          files.fault = () => undefined;
        }
        await writeAtomically(files, path, last, 0o600);
        files.powerCut();
        expect(await contentOf(files)).toEqual(last);
        expect((await files.list('/state')).filter((name) => name !== 'identity.new')).toEqual(['identity']);
      }),
    );
  });

  it.each(['ENOSPC', 'EROFS', 'EACCES', 'EIO'])(
    'that meets %s at any step says so and keeps what was there',
    async (code) => {
      const old = Uint8Array.of(1, 2, 3);
      for (const step of ['write', 'sync', 'rename'] as const) {
        const files = await diskWith(old);
        files.fault = (at) => (at === step ? code : undefined);
        const error: unknown = await writeAtomically(files, path, Uint8Array.of(4, 5), 0o600).catch(
          (e: unknown) => e,
        );
        expect(fileErrorCode(error)).toBe(code);
        files.fault = () => undefined;
        expect(await contentOf(files)).toEqual(old);
      }
    },
  );

  it('gives the file the mode asked for', async () => {
    const files = await diskWith(undefined);
    await writeAtomically(files, path, Uint8Array.of(1), 0o600);
    expect(await files.stat(path)).toMatchObject({ kind: 'file', mode: 0o600, size: 1 });
  });
});

describe('a durable removal', () => {
  it('survives a power cut once it has resolved, and removes nothing else', async () => {
    const files = await diskWith(Uint8Array.of(1));
    await writeAtomically(files, '/state/other', Uint8Array.of(2), 0o600);
    await removeDurably(files, path);
    files.powerCut();
    expect(await files.list('/state')).toEqual(['other']);
    await removeDurably(files, path);
  });
});

describe('the simulated disk', () => {
  it('would catch a write that skips the fsync: the file is torn', async () => {
    const files = await diskWith(undefined);
    await files.write(`${path}.new`, Uint8Array.of(1, 2, 3, 4), 0o600);
    await files.rename(`${path}.new`, path);
    await files.syncFolder('/state');
    files.powerCut();
    expect(await contentOf(files)).toEqual(Uint8Array.of(1, 2));
  });

  it('would catch a write in place: a power cut tears what was whole before', async () => {
    const files = await diskWith(Uint8Array.of(1, 2, 3, 4));
    await files.write(path, Uint8Array.of(5, 6, 7, 8), 0o600);
    files.powerCut();
    expect(await contentOf(files)).toEqual(Uint8Array.of(5, 6));
  });

  it('would catch a rename or a removal without a folder sync: the old name is back', async () => {
    const files = await diskWith(Uint8Array.of(1, 2));
    await files.remove(path);
    files.powerCut();
    expect(await contentOf(files)).toEqual(Uint8Array.of(1, 2));
    await files.remove(path);
    files.powerCut('kept');
    expect(await contentOf(files)).toBeUndefined();
  });
});

describe('the simulated disk, by chance', () => {
  it('keeps an atomic write whole whatever becomes of each unsynced name and byte', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat({ max: 5 }), async (seed, steps) => {
        const files = await diskWith(Uint8Array.of(1, 2, 3));
        dieAfter(files, steps);
        await writeAtomically(files, path, Uint8Array.of(4, 5, 6, 7), 0o600).catch(() => undefined);
        files.powerCut(new SeededRandom(seed));
        files.fault = () => undefined;
        const expected = [Uint8Array.of(1, 2, 3), Uint8Array.of(4, 5, 6, 7)];
        expect(steps >= 4 ? expected.slice(1) : expected).toContainEqual(await contentOf(files));
      }),
    );
  });

  it('tears what was not synced at any length, or fills it with zeros', async () => {
    const seen = new Set<string>();
    for (let seed = 0; seed < 200; seed += 1) {
      const files = await diskWith(Uint8Array.of(9));
      await files.write(path, Uint8Array.of(1, 2), 0o600);
      files.powerCut(new SeededRandom(seed));
      seen.add(Buffer.from(await files.read(path)).toString('hex'));
    }
    expect([...seen].sort()).toEqual(['', '0000', '01', '0100', '0102']);
  });

  it('has lost for good what a failed fsync should have saved, until it is written again', async () => {
    const files = await diskWith(undefined);
    await files.write(path, Uint8Array.of(1, 2), 0o600);
    files.fault = (step) => (step === 'sync' ? 'EIO' : undefined);
    await expect(files.sync(path)).rejects.toThrow('EIO');
    files.fault = () => undefined;
    await files.sync(path);
    await files.syncFolder('/state');
    expect(files.surviving(path, 'lost')).toEqual(Uint8Array.of(1));
    await files.write(path, Uint8Array.of(3, 4), 0o600);
    await files.sync(path);
    expect(files.surviving(path, 'lost')).toEqual(Uint8Array.of(3, 4));
  });

  it('takes what fits when it is full', async () => {
    const files = await diskWith(undefined);
    files.fault = (step) => (step === 'write' ? 'ENOSPC' : undefined);
    await expect(files.write(path, Uint8Array.of(1, 2, 3, 4), 0o600)).rejects.toThrow('ENOSPC');
    expect(await files.read(path)).toEqual(Uint8Array.of(1, 2));
  });

  it('loses a folder, with all that is in it, whose parent was not synced', async () => {
    const files = new SimulatedFiles({ losesFolders: true });
    await files.makeFolder('/state');
    await writeAtomically(files, path, Uint8Array.of(1), 0o600);
    expect(files.surviving(path, 'lost')).toBeUndefined();
    await files.syncFolder('/');
    expect(files.surviving(path, 'lost')).toEqual(Uint8Array.of(1));
    files.powerCut();
    expect(await files.read(path)).toEqual(Uint8Array.of(1));
  });

  it('is copied as it is, and goes its own way from there', async () => {
    const files = await diskWith(Uint8Array.of(1));
    const copy = files.copy();
    await writeAtomically(files, path, Uint8Array.of(2), 0o600);
    copy.powerCut();
    expect([await copy.read(path), await files.read(path)]).toEqual([Uint8Array.of(1), Uint8Array.of(2)]);
  });
});

describe('the code of a file error', () => {
  it('is read from any error that has one, and from nothing else', () => {
    expect(fileErrorCode(new FileError('ENOENT', '/nothing'))).toBe('ENOENT');
    expect(fileErrorCode(new Error('no code'))).toBeUndefined();
    expect(fileErrorCode({ code: 'ENOENT' })).toBeUndefined();
    expect(fileErrorCode(Object.assign(new Error('a number'), { code: 5 }))).toBeUndefined();
    expect(fileErrorCode(undefined)).toBeUndefined();
  });
});

import { describe, expect, it } from 'vitest';
import { SimulatedFiles } from '@edgeflow/platform/simulated';
import { prepareStateFolder } from './state-folder.ts';
import { emptyDisk, failFrom, putFile, stateFolder } from './test-support.ts';

describe('preparing the state folder', () => {
  it('makes it and leaves it empty', async () => {
    const files = new SimulatedFiles();
    expect(await prepareStateFolder(files, stateFolder)).toEqual({ kind: 'ready', notices: [] });
    expect(await files.list(stateFolder)).toEqual([]);
    expect(await prepareStateFolder(files, stateFolder)).toEqual({ kind: 'ready', notices: [] });
  });

  it('makes a new one durable in its parent', async () => {
    const files = new SimulatedFiles();
    const synced: string[] = [];
    files.fault = (step, path) => {
      if (step === 'syncFolder') synced.push(path);
      return undefined;
    };
    await prepareStateFolder(files, '/state/');
    expect(synced).toContain('/');
    synced.length = 0;
    await prepareStateFolder(files, '/state/');
    expect(synced).toContain('/');
  });

  describe('when its parent cannot be synced', () => {
    /** A folder that is there. */
    async function folderWith(errno: string): Promise<SimulatedFiles> {
      const files = await emptyDisk();
      files.fault = (step, path) => (step === 'syncFolder' && path === '/' ? errno : undefined);
      return files;
    }

    it.each(['EIO', 'ENOSPC', 'EDQUOT'])(
      'regression, seed 500000335: is not used for a first claim, as a power cut could take it (%s)',
      async (errno) => {
        expect(await prepareStateFolder(await folderWith(errno), stateFolder)).toMatchObject({
          kind: 'unusable',
        });
      },
    );

    it.each(['EACCES', 'EPERM', 'EINVAL'])('is used all the same where nobody could (%s)', async (errno) => {
      expect(await prepareStateFolder(await folderWith(errno), stateFolder)).toMatchObject({ kind: 'ready' });
    });

    it('is used all the same by a device that has something sealed in it', async () => {
      const files = await folderWith('EIO');
      await putFile(files, `${stateFolder}/identity.vault`, 'sealed');
      expect(await prepareStateFolder(files, stateFolder)).toMatchObject({ kind: 'ready' });
    });
  });

  it.each([
    ['EROFS', 'read_only', 'EDGEFLOW_STATE_DIR'],
    ['EACCES', 'permission', 'chown'],
    ['EPERM', 'permission', 'chown'],
    ['ENOSPC', 'full', 'df -h'],
    ['EDQUOT', 'full', 'quota'],
    ['EIO', 'io', 'dmesg'],
    ['ENOENT', 'io', 'EDGEFLOW_STATE_DIR'],
  ])('says what %s at any step means, and what to do', async (errno, code, nextStep) => {
    for (let step = 0; ; step += 1) {
      const files = await emptyDisk();
      const count = failFrom(files, step, errno);
      const result = await prepareStateFolder(files, stateFolder);
      if (result.kind === 'ready') {
        // The last step only looks at the permissions, after the folder has been proven.
        expect(count()).toBe(step + 1);
        break;
      }
      expect(result).toMatchObject({ kind: 'unusable', code, nextStep: expect.stringContaining(nextStep) });
    }
  });

  it('cleans up after a probe that failed', async () => {
    const files = await emptyDisk();
    files.fault = (step) => (step === 'sync' ? 'ENOSPC' : undefined);
    await prepareStateFolder(files, stateFolder);
    expect(await files.list(stateFolder)).toEqual([]);
  });

  it('does not make the parent: the disk it belongs to may not be mounted', async () => {
    const files = new SimulatedFiles();
    expect(await prepareStateFolder(files, '/mnt/usb/edgeflow')).toMatchObject({
      kind: 'unusable',
      code: 'missing_parent',
      detail: expect.stringContaining('/mnt/usb'),
    });
  });

  it('tells a file from a folder, also in place of the parent', async () => {
    const files = await emptyDisk();
    await putFile(files, '/state/file', 'x');
    expect(await prepareStateFolder(files, '/state/file')).toMatchObject({ code: 'not_a_folder' });
    expect(await prepareStateFolder(files, '/state/file/state')).toMatchObject({ code: 'not_a_folder' });
  });
});

import { type Files, fileErrorCode } from '@edgeflow/platform';
import { describeDiskProblem, DiskProblemError } from './disk-problem.ts';

/**
 * The name of a file in the state folder that is sealed with the vault's key; undefined when there is none, or no
 * folder.
 *
 * @throws DiskProblemError when the folder cannot be read: then nobody can tell
 */
export async function sealedFileIn(files: Files, stateFolder: string): Promise<string | undefined> {
  try {
    return (await files.list(stateFolder)).find((name) => name.endsWith('.vault'));
  } catch (error) {
    if (fileErrorCode(error) === 'ENOENT') return undefined;
    throw new DiskProblemError(
      describeDiskProblem(error, `The state folder ${stateFolder} cannot be read`),
      error,
    );
  }
}

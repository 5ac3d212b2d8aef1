import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Outside a checkout. */
const seedWithoutCommit = 20_261_124;

/** A seed from the commit that is checked out, so that every commit is tried with other worlds and any can be tried again. */
export async function commitSeed(): Promise<number> {
  try {
    const { stdout } = await promisify(execFile)('git', ['rev-parse', 'HEAD'], { cwd: import.meta.dirname });
    return Number.parseInt(stdout.slice(0, 8), 16);
  } catch {
    return seedWithoutCommit;
  }
}

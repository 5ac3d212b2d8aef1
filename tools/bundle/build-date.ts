import { execFileSync } from 'node:child_process';

/**
 * The date that a build bears, RFC 3339 in UTC: the same for the same source, whenever and wherever it is built.
 * `SOURCE_DATE_EPOCH` (seconds; reproducible-builds.org) goes before the date of the last commit.
 *
 * @returns undefined outside a checkout: the source knows a date of its own.
 * @throws Error for a SOURCE_DATE_EPOCH that is no number of seconds.
 */
export function buildDate(
  environment: Readonly<Record<string, string | undefined>>,
  folder: string,
): string | undefined {
  const { SOURCE_DATE_EPOCH: epoch = '' } = environment;
  if (epoch === '') return commitDate(folder);
  if (!/^\d{1,11}$/.test(epoch)) throw new Error('SOURCE_DATE_EPOCH is no number of seconds.');
  return new Date(Number(epoch) * 1000).toISOString();
}

function commitDate(folder: string): string | undefined {
  try {
    const text = execFileSync('git', ['log', '-1', '--format=%cI'], {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return new Date(text.trim()).toISOString();
  } catch {
    // No git, no repository or no commit.
    return undefined;
  }
}

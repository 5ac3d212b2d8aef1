import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { bundleAgent } from './agent-bundle.ts';
import { buildDate } from './build-date.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'edgeflow-bundle-'));
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

describe('the date of a build', () => {
  it('is that of the last commit, in UTC, so that the same source makes the same bundle', () => {
    const env = { ...process.env, GIT_COMMITTER_DATE: '2027-03-04T01:30:00+02:00' };
    const git = (...args: string[]): unknown => execFileSync('git', args, { cwd: folder, env });
    const author = ['-c', 'user.name=nobody', '-c', 'user.email=nobody@example.com'];
    git('init', '-q');
    git(...author, 'commit', '-q', '--allow-empty', '-m', 'first');
    expect(buildDate({}, folder)).toBe('2027-03-03T23:30:00.000Z');
  });

  it('is SOURCE_DATE_EPOCH where that is set', () => {
    const environment = { SOURCE_DATE_EPOCH: '1893456000' };
    expect(buildDate(environment, import.meta.dirname)).toBe('2030-01-01T00:00:00.000Z');
    expect(() => buildDate({ SOURCE_DATE_EPOCH: 'now' }, import.meta.dirname)).toThrow(
      'no number of seconds',
    );
  });

  it('is unknown outside a checkout', () => {
    expect(buildDate({}, folder)).toBeUndefined();
  });

  it('is in the bundle', async () => {
    vi.stubEnv('SOURCE_DATE_EPOCH', '1893456000');
    const { files } = await bundleAgent(folder);
    expect(files.some(({ contents }) => contents.includes('"2030-01-01T00:00:00.000Z"'))).toBe(true);
    expect(files.some(({ contents }) => contents.includes('EDGEFLOW_BUILD_DATE'))).toBe(false);
  });
});

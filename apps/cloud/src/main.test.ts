import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const main = fileURLToPath(new URL('main.ts', import.meta.url));

describe('the cloud as a process', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'edgeflow-main-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('ends with 78 where its database is a folder, says what to name, and leaves the folder as it is', () => {
    chmodSync(folder, 0o755);
    const { status, stderr } = spawnSync(process.execPath, [main], {
      env: { DATABASE_URL: `sqlite:${folder}` },
      encoding: 'utf8',
    });
    expect(stderr).toBe(
      `DATABASE_URL: ${folder} cannot be opened (it is a folder). ` +
        `Name a file in it, such as sqlite:${join(folder, 'edgeflow.db')}.\n`,
    );
    expect(status).toBe(78);
    expect(statSync(folder).mode & 0o7777).toBe(0o755);
    expect(readdirSync(folder)).toEqual([]);
  });
});

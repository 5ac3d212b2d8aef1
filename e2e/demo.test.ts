import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { repository } from './support/processes.ts';

const run = promisify(execFile);

describe('npm run demo', () => {
  it('tells the story in at most 15 lines and leaves with 0', async () => {
    const { stdout } = await run(process.execPath, ['e2e/demo.ts', '--exit'], { cwd: repository });
    const lines = stdout.trim().split('\n');
    expect(lines.length).toBeLessThanOrEqual(15);
    expect(lines.filter((line) => / \d+ ms$/.test(line)).length).toBeGreaterThanOrEqual(6);
    const status: unknown = JSON.parse(lines.find((line) => line.startsWith('{')) ?? '');
    expect(status).toMatchObject({ connected: true, status: 'online' });
    expect(lines.at(-1)).toMatch(/^API http.*curl http.*\/api\/v1\/saas\/status$/);
  });

  it('works where there is no /proc, /sys or /etc', async () => {
    const root = mkdtempSync(join(tmpdir(), 'edgeflow-empty-root-'));
    try {
      const { stdout } = await run(process.execPath, ['e2e/demo.ts', '--exit', '--root', root], {
        cwd: repository,
      });
      expect(stdout).toContain('"status":"online"');
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });

  it('leaves with a reason and another code when a step fails', async () => {
    const nowhere = { ...process.env, TMPDIR: '/nonexistent' };
    const failing = run(process.execPath, ['e2e/demo.ts', '--exit'], { cwd: repository, env: nowhere });
    await expect(failing).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('nonexistent') as string,
    });
  });
});

import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { repository, startNode } from './support/processes.ts';

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

  it('stays, with a link that signs the owner in once and leads to the devices', async () => {
    const demo = startNode('demo', ['e2e/demo.ts'], {});
    try {
      const link = await demo.waitFor('its link', (line) => /as its owner: (\S+)/.exec(line)?.[1], 60_000);
      const { hash, origin, pathname, searchParams } = new URL(link);
      expect([pathname, searchParams.get('to')]).toEqual(['/sign-in', '/devices']);
      const body = JSON.stringify({ secret: hash.slice(1) });
      const headers = { 'content-type': 'application/json' };
      const enter = () => fetch(`${origin}/api/v1/session/link`, { method: 'POST', headers, body });
      const entered = await enter();
      expect(entered.status).toBe(200);
      expect(await entered.json()).toMatchObject({ role: 'owner', organization: { name: 'Demo' } });
      const cookie = entered.headers
        .getSetCookie()
        .map((one) => one.split(';')[0])
        .join('; ');
      const devices = await fetch(`${origin}/api/v1/devices`, { headers: { cookie } });
      expect(await devices.json()).toMatchObject({ devices: [{ status: 'online' }] });
      expect((await enter()).status).toBe(410);
    } finally {
      expect(await demo.stop()).toBe(0);
    }
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

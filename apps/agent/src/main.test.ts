import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const main = fileURLToPath(new URL('main.ts', import.meta.url));
/** Nothing listens there, and TLS comes first anyway. */
const nowhere = 'https://127.0.0.1:1';

let folder: string;
const running = new Set<ChildProcess>();

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'edgeflow-main-'));
});

afterEach(async () => {
  for (const child of running) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  running.clear();
  rmSync(folder, { recursive: true, force: true });
});

interface Run {
  readonly child: ChildProcess;
  readonly output: () => string;
  /** The exit status. */
  readonly ended: Promise<number | null>;
  /** The first match in the output. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
}

/** The agent as a process of its own, with these settings and nothing of the environment. */
function start(args: readonly string[], settings: Readonly<Record<string, string>> = {}): Run {
  const all = {
    EDGEFLOW_SAAS_URL: nowhere,
    EDGEFLOW_STATE_DIR: join(folder, 'state'),
    EDGEFLOW_SERVER_PORT: '0',
    ...settings,
  };
  const envFile = join(folder, `${String(running.size)}.env`);
  writeFileSync(
    envFile,
    Object.entries(all)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
    { mode: 0o600 },
  );
  const child = spawn(process.execPath, [main, '--env-file', envFile, ...args], { env: {} });
  running.add(child);
  let text = '';
  const heard = new Set<() => void>();
  const hear = (data: Buffer): void => {
    text += data.toString('utf8');
    for (const look of heard) look();
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  const ended = once(child, 'close').then(([code]) => code as number | null);
  const says = (pattern: RegExp): Promise<RegExpExecArray> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const match = pattern.exec(text);
        if (match !== null) resolve(match);
      };
      heard.add(look);
      look();
      void ended.then(() => {
        reject(new Error(`it ended without saying ${String(pattern)}:\n${text}`));
      });
    });
  return { child, output: () => text, ended, says };
}

describe('the agent as a process', () => {
  it('tells every wrong setting, one a line with what to do, and ends with 78', async () => {
    const run = start([], { EDGEFLOW_SAAS_TLS: 'perhaps', EDGEFLOW_SERVER_PORT: 'x' });
    expect(await run.ended).toBe(78);
    const lines = run.output().trim().split('\n');
    expect(lines).toHaveLength(2);
    expect(lines.join()).toMatch(/EDGEFLOW_SAAS_TLS.*Write.*EDGEFLOW_SERVER_PORT.*Write/);
  });

  it('ends with 74 where its state folder cannot be used', async () => {
    writeFileSync(join(folder, 'state'), 'a file');
    const run = start([]);
    expect(await run.ended).toBe(74);
    expect(run.output()).toContain('EDGEFLOW_STATE_DIR');
  });

  it('runs without a code, says so through `status`, and ends with 0 on SIGTERM', async () => {
    const agent = start([]);
    const [, port = ''] = await agent.says(/http:\/\/127\.0\.0\.1:(\d+)/);
    await agent.says(/waiting_for_code/);
    const status = start(['status'], { EDGEFLOW_SERVER_PORT: port });
    expect(await status.ended).toBe(0);
    expect(JSON.parse(status.output())).toMatchObject({
      status: 'unprovisioned',
      last_error: { code: 'code_missing' },
    });
    const doctor = start(['doctor'], { EDGEFLOW_SERVER_PORT: port });
    expect(await doctor.ended).toBe(1);
    expect(doctor.output()).toMatch(/^fail +tcp .* → /m);
    agent.child.kill('SIGTERM');
    expect(await agent.ended).toBe(0);
  });

  it('ends with 75 where another agent has the state folder', async () => {
    const agent = start([]);
    await agent.says(/waiting_for_code/);
    const second = start([]);
    expect(await second.ended).toBe(75);
    const rebind = start(['vault', 'rebind']);
    expect(await rebind.ended).toBe(75);
    expect(agent.child.exitCode).toBeNull();
  });

  it('onboards without its local API where the port is taken, and says so', async () => {
    const first = start([]);
    const [, port = ''] = await first.says(/http:\/\/127\.0\.0\.1:(\d+)/);
    mkdirSync(join(folder, 'other'));
    const second = start([], {
      EDGEFLOW_SERVER_PORT: port,
      EDGEFLOW_STATE_DIR: join(folder, 'other', 'state'),
    });
    await second.says(/Another program listens/);
    await second.says(/waiting_for_code/);
  });

  it('says what it found where no agent runs, and makes no key for it', async () => {
    const status = start(['status']);
    expect(await status.ended).toBe(1);
    expect(status.output()).toMatch(/No agent answers on 127\.0\.0\.1/);
    const doctor = start(['doctor']);
    expect(await doctor.ended).toBe(1);
    expect(doctor.output()).toMatch(/^fail +identity .* → /m);
    expect(existsSync(join(folder, 'state', 'vault.key'))).toBe(false);
  });

  it('takes a key that was lost for good from a person’s word alone', async () => {
    const agent = start([]);
    await agent.says(/waiting_for_code/);
    agent.child.kill('SIGTERM');
    await agent.ended;
    writeFileSync(join(folder, 'state', 'vault.key'), 'torn');
    const broken = start([]);
    await broken.says(/vault_unreadable/);
    broken.child.kill('SIGTERM');
    await broken.ended;
    const mended = start(['vault', 'new-key']);
    expect(await mended.ended).toBe(0);
    expect(readdirSync(join(folder, 'state'))).toContain('vault.key.unreadable-1');
    const again = start([]);
    await again.says(/waiting_for_code/);
  });

  it('prints its version', async () => {
    const run = start(['version']);
    expect(await run.ended).toBe(0);
    expect(run.output()).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SimulatedFiles } from '@edgeflow/platform/simulated';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../config.ts';
import { placeToAsk } from './ask-agent.ts';
import { onlineStatus, scriptedAgent, startWith } from '../local-api/testing/local-api.ts';
import { closeAll, keep } from '../net/testing/cleanup.ts';
import { runDoctor } from './doctor.ts';
import { printStatus } from './status.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'edgeflow-doctor-'));
});

afterEach(async () => {
  await closeAll();
  rmSync(folder, { recursive: true, force: true });
});

/** @param port 1: no agent answers there. */
async function examine(stateFolder: string, port = 1, run = runDoctor): Promise<string> {
  const envFile = join(folder, '.env');
  const settings = `EDGEFLOW_STATE_DIR=${stateFolder}\nEDGEFLOW_SERVER_PORT=${String(port)}\n`;
  writeFileSync(envFile, settings, { mode: 0o600 });
  let printed = '';
  await run(
    {
      environment: {},
      workingFolder: '/',
      isTerminal: false,
      version: '1.2.3',
      print: (line) => (printed += line),
      complain: () => undefined,
    },
    { envFile, root: '/' },
  );
  return printed;
}

describe('the doctor, where no agent runs,', () => {
  it('makes no state folder, and says that there is none', async () => {
    const stateFolder = join(folder, 'state');
    expect(await examine(stateFolder)).toMatch(/^fail +disk +not checked: there is no state folder/m);
    expect(existsSync(stateFolder)).toBe(false);
  });

  it('makes no token and no key in one that is empty', async () => {
    const stateFolder = join(folder, 'state');
    mkdirSync(stateFolder, { mode: 0o700 });
    expect(await examine(stateFolder)).toMatch(/^ok +disk/m);
    expect(readdirSync(stateFolder).filter((name) => name !== 'agent.lock')).toEqual([]);
  });
});

describe('what a running agent says', () => {
  const evil = '\u001b]0;owned\u0007\u009b2J\u202e';

  async function agentAt(detail: string): Promise<number> {
    const agent = scriptedAgent();
    const check = { name: 'tls', result: 'fail', detail, next_step: detail, code: 'tls_untrusted' } as const;
    agent.answerToDiagnose = () => Promise.resolve({ ok: false, checks: [check] });
    agent.statusNow = { ...onlineStatus, phase: detail };
    const api = await startWith(agent);
    if (!api.listening) throw new Error(api.reason);
    return keep(api).port;
  }

  it.each([
    ['doctor', runDoctor],
    ['status', printStatus],
  ])('reaches no terminal as commands to it: %s', async (_name, run) => {
    const printed = await examine(join(folder, 'state'), await agentAt(`here ${evil}`), run);
    expect(printed).toContain('here \\u001b]0;owned\\u0007\\u009b2J\\u202e');
    expect(printed).not.toMatch(/[^\P{Cc}\n]|\u202e/u);
  });

  it('is not read without end', async () => {
    const printed = await examine(join(folder, 'state'), await agentAt('x'.repeat(300_000)));
    expect(printed).not.toContain('xxx');
    expect(printed).toMatch(/^fail +disk +not checked/m);
  });
});

describe('the place to ask', () => {
  async function settings(errno: string) {
    const files = new SimulatedFiles();
    await files.makeFolder('/etc/edgeflow');
    await files.write('/etc/edgeflow/.env', Buffer.from('EDGEFLOW_SERVER_PORT=9\n'), 0o600);
    files.fault = (step) => (step === 'read' ? errno : undefined);
    return loadConfig({ files, environment: {} });
  }

  it('is the default one for a user who may not read the settings', async () => {
    expect(placeToAsk(await settings('EACCES'))?.server).toMatchObject({ host: '127.0.0.1', port: 8080 });
  });

  it('is none while the settings are wrong', async () => {
    expect(placeToAsk(await settings('EIO'))).toBeUndefined();
  });
});

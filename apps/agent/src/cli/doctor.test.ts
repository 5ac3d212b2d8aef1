import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SimulatedFiles } from '@edgeflow/platform/simulated';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../config.ts';
import { placeToAsk } from './ask-agent.ts';
import { runDoctor } from './doctor.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'edgeflow-doctor-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function examine(stateFolder: string): Promise<string> {
  const envFile = join(folder, '.env');
  // Port 1: no agent answers there.
  writeFileSync(envFile, `EDGEFLOW_STATE_DIR=${stateFolder}\nEDGEFLOW_SERVER_PORT=1\n`, { mode: 0o600 });
  let printed = '';
  await runDoctor(
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

import { SeededRandom, SimulatedFiles, SimulatedTime } from '@edgeflow/platform/simulated';
import { describe, expect, it } from 'vitest';
import { type StateDeps, takeFolder } from './state.ts';

const silent = (): void => undefined;

function deps(files: SimulatedFiles, lock: StateDeps['lock']): StateDeps {
  return {
    files,
    random: new SeededRandom(1),
    clock: new SimulatedTime(),
    log: { debug: silent, info: silent, warn: silent, error: silent },
    lock,
    stateFolder: '/state',
    root: '/',
    credentialsFolder: undefined,
    vaultKeyFile: undefined,
  };
}

describe('taking the state folder', () => {
  it('writes nothing into a folder that another process holds', async () => {
    const files = new SimulatedFiles();
    const writes: string[] = [];
    files.fault = (step, path) => {
      if (step === 'write') writes.push(path);
      return undefined;
    };
    const busy = { kind: 'busy', detail: 'Another agent is running.', nextStep: 'Stop it.' } as const;
    expect(await takeFolder(deps(files, { acquire: () => Promise.resolve(busy) }))).toEqual(busy);
    expect(writes).toEqual([]);
  });

  it('gives the lock back when the folder cannot be written', async () => {
    const files = new SimulatedFiles();
    files.fault = (step) => (step === 'write' ? 'EROFS' : undefined);
    let releases = 0;
    const held = { kind: 'held', release: () => (releases += 1) } as const;
    const claim = await takeFolder(deps(files, { acquire: () => Promise.resolve(held) }));
    expect(claim.kind).toBe('unusable');
    expect(releases).toBe(1);
  });
});

import { problemFor } from '@edgeflow/contract';
import { SeededRandom, type SimulatedFiles, SimulatedTime } from '@edgeflow/platform/simulated';
import { afterEach, describe, expect, it } from 'vitest';
import { ClaimStore, IdentityStore } from '../identity/index.ts';
import { claimPath, emptyDisk, identityPath, openVault } from '../identity/test-support.ts';
import type { CloudAnswer, CloudRequest } from '../net/transport.ts';
import { LifeDriver } from './driver.ts';
import { viewOf } from './view.ts';

const code = 'PROV-A1B2-C3D4';
const cloudA = 'https://a.example';
const cloudB = 'https://b.example';
const used: CloudAnswer = {
  status: 409,
  headers: { 'content-type': 'application/problem+json' },
  body: JSON.stringify(problemFor('code_already_used', 'req_1')),
};

const drivers: LifeDriver[] = [];
afterEach(async () => {
  await Promise.all(drivers.splice(0).map((driver) => driver.stop()));
});

interface Device {
  readonly driver: LifeDriver;
  readonly requests: CloudRequest[];
  readonly errors: string[];
  readonly time: SimulatedTime;
  /** Resolves when the machine has come to a state that `fits`. */
  until(fits: (driver: LifeDriver) => boolean): Promise<void>;
}

/** The driver as it stands in a connection to `cloud`, on a real vault; `answer` is that cloud. */
async function device(
  files: SimulatedFiles,
  settings: {
    readonly cloud: string;
    readonly code?: string;
    readonly seed?: number;
    readonly readInfo?: () => Promise<never>;
    readonly answer: () => Promise<CloudAnswer>;
  },
): Promise<Device> {
  const time = new SimulatedTime();
  const random = new SeededRandom(settings.seed ?? 3);
  const vault = await openVault(files, { seed: (settings.seed ?? 3) + 50 });
  const requests: CloudRequest[] = [];
  const errors: string[] = [];
  const waiting = new Set<() => void>();
  const nothing = (): void => undefined;
  const driver = new LifeDriver({
    time: { clock: time, timers: time },
    random,
    identities: new IdentityStore(vault, time),
    claims: new ClaimStore(vault, random, time),
    transport: {
      request: (request) => {
        requests.push(request);
        return settings.answer();
      },
    },
    readInfo: settings.readInfo ?? (() => Promise.resolve({ hardware_info: {}, network_info: {} })),
    settings: { cloud: settings.cloud, board: undefined, explicit: undefined },
    tunnel: { use: nothing, useLater: nothing, stop: () => Promise.resolve() },
    code: { code: settings.code, problem: undefined },
    log: { debug: nothing, info: nothing, warn: nothing, error: (_fields, message) => errors.push(message) },
    onChange: () => {
      for (const look of waiting) look();
    },
  });
  drivers.push(driver);
  driver.start();
  const until = (fits: (driver: LifeDriver) => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!fits(driver)) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });
  return { driver, requests, errors, time, until };
}

const noAnswer = (): Promise<CloudAnswer> => Promise.reject(new Error('no way there'));

describe('a fault of the agent itself', () => {
  it.each([' ', '', 'x'.repeat(300)])(
    'that a code (%j) brings about is answered and logged, and does not end the process',
    async (typed) => {
      const { driver, requests, errors } = await device(await emptyDisk(), {
        cloud: cloudA,
        answer: noAnswer,
      });
      expect(await driver.ask(typed, false)).toMatchObject({
        kind: 'failed',
        goesOn: false,
        problem: { code: 'internal' },
      });
      expect(requests).toEqual([]);
      expect(errors).toHaveLength(1);
    },
  );

  it('in describing the device leaves the outcome of the claim open', async () => {
    const readInfo = (): Promise<never> => Promise.reject(new TypeError('no such file'));
    const { driver } = await device(await emptyDisk(), { cloud: cloudA, answer: noAnswer, readInfo });
    expect(await driver.ask(code, false)).toMatchObject({ kind: 'failed', goesOn: true });
    expect(driver.state.claim.kind).toBe('waiting');
  });
});

describe('a cloud address that is corrected after a claim was sent', () => {
  it('brings the same claim to the first cloud again, and never to the other', async () => {
    const files = await emptyDisk();
    const secretOf = (d: Device): string | undefined => d.requests[0]?.headers['idempotency-key'];
    const sent = (d: Device) => d.until(({ state }) => ['waiting', 'refused'].includes(state.claim.kind));

    const first = await device(files, { cloud: cloudA, code, seed: 1, answer: noAnswer });
    await sent(first);
    await first.driver.stop();

    const second = await device(files, { cloud: cloudB, code, seed: 2, answer: () => Promise.resolve(used) });
    await sent(second);
    expect(secretOf(second)).not.toBe(secretOf(first));
    expect(viewOf(second.driver.state, 'idle').problem).toMatchObject({
      code: 'code_already_used',
      nextStep: expect.stringContaining(`Set EDGEFLOW_SAAS_URL back to ${cloudA}`),
    });
    await second.driver.stop();

    const third = await device(files, { cloud: cloudA, code, seed: 3, answer: noAnswer });
    await sent(third);
    expect(secretOf(third)).toBe(secretOf(first));
  });
});

describe('a claim that may be redeemed', () => {
  it('regression, seeds 800000384 and 900000099: is sent again after two bad readings of the disk, and not replaced', async () => {
    const files = await emptyDisk();
    const before = await device(files, { cloud: cloudA, code, answer: noAnswer });
    await before.until(({ state }) => state.claim.kind === 'waiting');
    await before.driver.stop();

    // The first time the identity cannot be read, the claim can; the second time it is the other way round.
    const outcomes = ['identity EIO', 'claim', 'identity', 'claim EIO'];
    const seen: string[] = [];
    const after = await device(files, { cloud: cloudA, code, seed: 9, answer: noAnswer });
    files.fault = (step, path) => {
      const name = path === identityPath ? 'identity' : path === claimPath ? 'claim' : undefined;
      if (step !== 'read' || name === undefined || seen.length === outcomes.length) return undefined;
      const outcome = outcomes[seen.length] ?? '';
      seen.push(outcome.startsWith(name) ? outcome : `${name} instead`);
      return outcome.endsWith('EIO') ? 'EIO' : undefined;
    };
    for (let minute = 0; minute < 60 && after.requests.length === 0; minute += 1)
      await after.time.advance(60_000);
    expect(seen).toEqual(outcomes);
    expect(after.requests[0]?.headers['idempotency-key']).toBe(
      before.requests[0]?.headers['idempotency-key'],
    );
  });
});

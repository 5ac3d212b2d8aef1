import type { JsonObject, Shadow } from '@edgeflow/contract';
import { SimulatedTime } from '@edgeflow/platform/simulated';
import { describe, expect, it } from 'vitest';
import { type CloudAnswer, type CloudRequest, TransportError } from '../net/index.ts';
import { Desired } from './desired.ts';
import { CommandError, CommandRunner, handlersMax, handlerSecondsMax } from './runner.ts';
import { ShadowClient } from './shadow.ts';

const credential = { deviceId: 'dev_1', apiKey: 'efk_one' };
const silent = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** The shadow of one device, as the cloud keeps it. */
class FakeShadow {
  version = 1;
  desired: JsonObject = {};
  reported: JsonObject = {};
  readonly requests: CloudRequest[] = [];
  answer: (() => CloudAnswer) | undefined;

  async request(request: CloudRequest): Promise<CloudAnswer> {
    this.requests.push(request);
    if (this.answer !== undefined) return this.answer();
    if (request.method === 'PUT') {
      const { reported } = JSON.parse(request.body ?? '') as { reported: JsonObject };
      this.reported = { ...this.reported, ...reported };
      this.version += 1;
    }
    const delta = Object.fromEntries(
      Object.entries(this.desired).filter(([key, v]) => this.reported[key] !== v),
    );
    const shadow: Shadow = {
      device_id: 'dev_1',
      version: this.version,
      desired: this.desired,
      reported: this.reported,
      delta,
      metadata: { desired: {}, reported: {} },
      updated_at: '2026-02-21T12:00:00Z',
    };
    return { status: 200, headers: {}, body: JSON.stringify(shadow) };
  }
}

const { signal } = new AbortController();
const endless = Promise.withResolvers<never>().promise;

function device(applyDesired?: (desired: JsonObject) => Promise<JsonObject | undefined>) {
  const cloud = new FakeShadow();
  const shadow = new ShadowClient(cloud);
  const time = new SimulatedTime();
  const facts = { agent_version: '1.0.0' };
  const desired = new Desired({ shadow, log: silent, timers: time, applyDesired, facts });
  return { cloud, shadow, desired, time };
}

describe('on connected', () => {
  it('the facts are reported, once for each identity', async () => {
    const { cloud, desired } = device();
    await desired.onOnline(credential);
    await desired.onOnline(credential);
    expect(cloud.requests.map(({ method }) => method)).toEqual(['GET', 'PUT', 'GET']);
    expect(cloud.reported).toEqual({ agent_version: '1.0.0' });
  });

  it('the key goes into its header and nowhere else', async () => {
    const { cloud, desired } = device();
    await desired.onOnline(credential);
    for (const { path, headers, body } of cloud.requests) {
      expect(headers['x-api-key']).toBe('efk_one');
      expect(`${path} ${body ?? ''}`).not.toContain('efk_one');
    }
  });

  it('a failure is made up for at the next connection', async () => {
    const { cloud, desired } = device();
    cloud.answer = () => {
      throw new TransportError('cloud_unreachable', 'gone');
    };
    await desired.onOnline(credential);
    cloud.answer = undefined;
    await desired.onOnline(credential);
    expect(cloud.reported).toEqual({ agent_version: '1.0.0' });
  });

  it('what is desired and not in effect is applied and reported', async () => {
    const { cloud, desired } = device(async (wanted) => wanted);
    cloud.desired = { log_level: 'debug', rate: 5 };
    cloud.reported = { rate: 5 };
    await desired.onOnline(credential);
    expect(cloud.reported).toEqual({ rate: 5, log_level: 'debug', agent_version: '1.0.0' });
  });
});

describe('update_desired', () => {
  it('names what is desired, and remembers it', async () => {
    const { desired } = device();
    expect(await desired.update({ desired: { rate: 5 }, version: 4 }, credential, signal)).toEqual({
      keys: ['rate'],
    });
    expect(desired.latest).toEqual({ rate: 5 });
  });

  it('an older version that comes late changes nothing', async () => {
    const applied: JsonObject[] = [];
    const { desired } = device(async (wanted) => {
      applied.push(wanted);
      return undefined;
    });
    await desired.update({ desired: { rate: 9 }, version: 9 }, credential, signal);
    expect(await desired.update({ desired: { rate: 8 }, version: 8 }, credential, signal)).toEqual({
      keys: [],
      superseded_by: 9,
    });
    expect(applied).toEqual([{ rate: 9 }]);
    expect(desired.latest).toEqual({ rate: 9 });
  });

  it('changes are applied one at a time, in the order they came', async () => {
    const seen: string[] = [];
    const { desired } = device(async ({ rate }) => {
      seen.push(`begin ${JSON.stringify(rate)}`);
      await Promise.resolve();
      seen.push(`end ${JSON.stringify(rate)}`);
      return undefined;
    });
    await Promise.all(
      [1, 2].map((rate) => desired.update({ desired: { rate }, version: rate }, credential, signal)),
    );
    expect(seen).toEqual(['begin 1', 'end 1', 'begin 2', 'end 2']);
  });

  it('that hangs gives up its turn when its time is up', async () => {
    const applied: JsonObject[] = [];
    const begun = Promise.withResolvers<undefined>();
    const { desired } = device((wanted) => {
      applied.push(wanted);
      begun.resolve(undefined);
      return wanted['hang'] === true ? endless : Promise.resolve(undefined);
    });
    const time = new AbortController();
    const hanging = desired.update({ desired: { hang: true }, version: 1 }, credential, time.signal);
    const next = desired.update({ desired: { rate: 5 }, version: 2 }, credential, signal);
    await begun.promise;
    time.abort();
    await expect(hanging).rejects.toThrow('timed_out');
    expect(await next).toEqual({ keys: ['rate'] });
    expect(applied).toEqual([{ hang: true }, { rate: 5 }]);
  });

  it('is not kept waiting for ever by a catch-up that hangs', async () => {
    const { cloud, desired, time } = device((wanted) =>
      wanted['hang'] === true ? endless : Promise.resolve(undefined),
    );
    cloud.desired = { hang: true };
    const catchUp = desired.onOnline(credential);
    const next = desired.update({ desired: { rate: 5 }, version: 9 }, credential, signal);
    await time.advance(handlerSecondsMax * 1000);
    await catchUp;
    expect(await next).toEqual({ keys: ['rate'] });
  });

  it.each([[null], [[]], ['text'], [{}], [{ desired: 5 }], [{ desired: {}, version: 'x' }]])(
    'refuses the payload %j',
    async (payload) => {
      const { desired } = device();
      await expect(desired.update(payload as JsonObject, credential, signal)).rejects.toThrow(CommandError);
    },
  );
});

describe('handlers that hang', () => {
  it('do not keep a key rotation or a health check waiting', async () => {
    const hang = () => endless;
    const answer = () => Promise.resolve({ data: {} });
    const table = new Map([
      ['slow', hang],
      ['rotate_key', answer],
      ['health_check', answer],
    ] as const);
    const runner = new CommandRunner(table, new SimulatedTime(), silent);
    for (let i = 0; i < handlersMax; i += 1) void runner.run('slow', {});
    expect(await runner.run('slow', {})).toMatchObject({
      status: 'error',
      error: expect.stringMatching(/^busy/),
    });
    for (const action of ['rotate_key', 'health_check']) {
      expect(await runner.run(action, {}), action).toMatchObject({ status: 'success' });
    }
  });
});

describe('the shadow', () => {
  it.each([
    [{ status: 200, headers: {}, body: '<html>' }, 'answer_malformed'],
    [{ status: 502, headers: {}, body: '' }, 'not_the_cloud'],
  ])('answered with %j is an error that says %s', async (answer, code) => {
    const { cloud, shadow } = device();
    cloud.answer = () => answer;
    await expect(shadow.read(credential)).rejects.toThrow(code);
  });
});

import type { JsonObject, Shadow } from '@edgeflow/contract';
import { describe, expect, it } from 'vitest';
import { type CloudAnswer, type CloudRequest, TransportError } from '../net/index.ts';
import { Desired } from './desired.ts';
import { CommandError } from './runner.ts';
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

function device(applyDesired?: (desired: JsonObject) => Promise<JsonObject | undefined>) {
  const cloud = new FakeShadow();
  const shadow = new ShadowClient(cloud);
  const desired = new Desired({ shadow, log: silent, applyDesired, facts: { agent_version: '1.0.0' } });
  return { cloud, shadow, desired };
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
    expect(await desired.update({ desired: { rate: 5 }, version: 4 }, credential)).toEqual({
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
    await desired.update({ desired: { rate: 9 }, version: 9 }, credential);
    expect(await desired.update({ desired: { rate: 8 }, version: 8 }, credential)).toEqual({
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
    await Promise.all([1, 2].map((rate) => desired.update({ desired: { rate }, version: rate }, credential)));
    expect(seen).toEqual(['begin 1', 'end 1', 'begin 2', 'end 2']);
  });

  it.each([[null], [[]], ['text'], [{}], [{ desired: 5 }], [{ desired: {}, version: 'x' }]])(
    'refuses the payload %j',
    async (payload) => {
      const { desired } = device();
      await expect(desired.update(payload as JsonObject, credential)).rejects.toThrow(CommandError);
    },
  );
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

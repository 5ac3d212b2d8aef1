import { makeProvisioningCode, unknownCodesPerAddressMax } from '@edgeflow/contract';
import { systemRandom } from '@edgeflow/platform';
import { SimulatedTime } from '@edgeflow/platform/simulated';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NetworkSet } from '../../http/addresses.ts';
import { startTestCloud, type TestCloud } from '../../testing/test-cloud.ts';

const loopback: NetworkSet = { empty: false, contains: (address) => address === '127.0.0.1' };
const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

/** The budgets' own clock: a day passes without the timers of the rest. */
let clock: SimulatedTime;
let cloud: TestCloud;
beforeEach(async () => {
  clock = new SimulatedTime(Date.now());
  cloud = await startTestCloud('sqlite', { clock, trustedProxies: loopback });
});
afterEach(() => cloud.discard());

async function redeem(code: string, address: string, idempotencyKey?: string): Promise<number> {
  const key = idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey };
  const headers = { 'x-forwarded-for': address, ...key };
  const response = await cloud
    .client()
    .raw('provisionDevice', { body: { provisioning_code: code }, headers });
  await response.arrayBuffer();
  return response.status;
}

describe('five thousand devices behind one address', () => {
  it(
    'onboard without one 429, a mistyped one among them retrying for a day',
    { timeout: 400_000 },
    async () => {
      const address = '203.0.113.7';
      const devices = 5_000;
      const { codes } = await cloud.owner.call('createCodes', 201, { body: { count: devices } });
      const statuses = new Map<number, number>();
      const note = (status: number): void => void statuses.set(status, (statuses.get(status) ?? 0) + 1);
      const mistyped: number[] = [];
      const minutes = dayMs / minuteMs;
      for (let minute = 0; minute < minutes; minute += 1) {
        // The longest backoff of a device.
        await clock.advance(minuteMs);
        const now = codes.slice(
          Math.floor((minute * devices) / minutes),
          Math.floor(((minute + 1) * devices) / minutes),
        );
        const answers = now.map(({ code }) => redeem(code, address, code.padEnd(40, 'x')).then(note));
        mistyped.push(await redeem('PROV-0000-0000', address));
        await Promise.all(answers);
        // Used codes spend nothing either, whoever presents them.
        if (minute % 60 === 59) note(await redeem(codes[0]?.code ?? '', address));
      }
      expect(mistyped).toHaveLength(1440);
      expect(new Set(mistyped)).toEqual(new Set([401]));
      expect([...statuses]).toEqual([
        [201, devices],
        [409, 24],
      ]);
    },
  );
});

describe('an attack over HTTP', () => {
  it('of some days, from some addresses, tries what the arithmetic says', { timeout: 120_000 }, async () => {
    const { codes } = await cloud.owner.call('createCodes', 201, { body: {} });
    const addresses = ['198.51.100.1', '198.51.100.2', '2001:db8:1:2::1', '2001:db8:1:2::2'];
    const days = 4;
    let tried = 0;
    for (let step = 0; step < days * 3; step += 1) {
      for (const address of addresses) {
        const burst = Array.from({ length: 40 }, () =>
          redeem(makeProvisioningCode(2, systemRandom.bytes), address),
        );
        tried += (await Promise.all(burst)).filter((status) => status === 401).length;
      }
      await clock.advance(dayMs / 3);
    }
    // The last two share a /64.
    expect(tried).toBe(3 * days * unknownCodesPerAddressMax);
    expect(await redeem(codes[0]?.code ?? '', '198.51.100.3')).toBe(201);
  });

  it('from one IPv6 site holds back its two-group codes, and nobody else nor any longer code', async () => {
    for (let network = 0; network < 8; network += 1) {
      const address = `2001:db8:1:${network.toString(16)}::1`;
      const burst = Array.from({ length: 36 }, () =>
        redeem(makeProvisioningCode(2, systemRandom.bytes), address),
      );
      expect(new Set(await Promise.all(burst))).toEqual(new Set([401]));
    }
    const [short, long] = await Promise.all(
      [2, 3].map(async (groups) => {
        const { codes } = await cloud.owner.call('createCodes', 201, { body: { groups } });
        return codes[0]?.code ?? '';
      }),
    );
    expect(await redeem(short ?? '', '2001:db8:1:ff::1')).toBe(429);
    expect(await redeem(long ?? '', '2001:db8:1:ff::1')).toBe(201);
    expect(await redeem(short ?? '', '2001:db8:2::1')).toBe(201);
  });
});

import { describe, expect, it } from 'vitest';
import { Machine } from './testing/whole-agent.ts';

const code = 'PROV-A1B2-C3D4';
/** What the cloud of these tests says its time is, whenever it is asked. */
const cloudTime = Date.parse('2026-02-21T12:00:00Z');
const yearMs = 365 * 24 * 3600 * 1000;

async function machine(nowMs: number): Promise<Machine> {
  const made = new Machine();
  made.time.setWallClock(nowMs);
  made.cloud.addCode(code);
  await made.configure({ EDGEFLOW_PROVISIONING_CODE: code });
  return made;
}

const clocks = [
  ['1970', 60_000],
  ['2099', Date.UTC(2099, 5, 1)],
  ['after its key has expired', Date.UTC(2027, 5, 1)],
] as const;

describe.each(clocks)('a device whose clock says %s', (_name, nowMs) => {
  it('registers, goes online, and shows how far its clock is off', async () => {
    const one = await machine(nowMs);
    const { agent } = await one.start();
    const status = agent.control.status();
    expect(status).toMatchObject({ status: 'online', last_error: null });
    const offSeconds = (nowMs - cloudTime) / 1000;
    expect(Math.abs((status.clock_skew_seconds ?? 0) - offSeconds)).toBeLessThan(5);
  });

  it('comes back by itself after a restart', async () => {
    const one = await machine(nowMs);
    const first = await one.start();
    await one.stop(first.agent);
    const { agent } = await one.start();
    expect(agent.control.status()).toMatchObject({ status: 'online', device_id: 'dev_1' });
  });

  it('does not notice when its clock is set right', async () => {
    const one = await machine(nowMs);
    const { agent } = await one.start();
    const before = agent.control.status().uptime_seconds;
    one.time.setWallClock(cloudTime);
    await one.time.advance(3_600_000);
    expect(agent.control.status()).toMatchObject({ status: 'online', uptime_seconds: before + 3600 });
    expect(one.cloud.presented).toHaveLength(1);
  });
});

describe('a clock that jumps', () => {
  it.each([
    ['forward by years', 30 * yearMs],
    ['back by years', -30 * yearMs],
    ['by an hour', 3_600_000],
  ])('%s leaves an open tunnel and its heartbeats as they are', async (_name, byMs) => {
    const one = await machine(cloudTime);
    const { agent } = await one.start();
    one.time.setWallClock(one.time.now() + byMs);
    const pingsBefore = one.cloud.bytesSent;
    await one.time.advance(10 * 60_000);
    expect(agent.control.status()).toMatchObject({ status: 'online', last_error: null });
    expect(one.cloud.presented).toHaveLength(1);
    // One ping every thirty seconds, neither more nor fewer.
    expect(one.cloud.bytesSent - pingsBefore).toBe(20 * '{"type":"ping"}'.length);
  });

  it.each([30 * yearMs, -30 * yearMs])(
    'by %i ms while the cloud is away neither hurries nor delays the return',
    async (byMs) => {
      const one = await machine(cloudTime);
      const { agent } = await one.start();
      one.cloud.isReachable = false;
      one.cloud.closeAll(1001);
      await one.time.advance(10 * 60_000);
      expect(agent.control.status().status).not.toBe('online');
      one.time.setWallClock(one.time.now() + byMs);
      one.cloud.isReachable = true;
      await one.time.advance(61_000);
      expect(agent.control.status()).toMatchObject({ status: 'online', last_error: null });
      expect(one.cloud.presented).toHaveLength(2);
    },
  );

  it('in the middle of a registration whose answer is lost leaves the claim what it was', async () => {
    const one = await machine(0);
    one.cloud.faults.push('lose_answer', 'unavailable');
    const { agent } = await one.start(500);
    one.time.setWallClock(Date.UTC(2099, 0, 1));
    await one.time.advance(1000);
    one.time.setWallClock(cloudTime);
    await one.time.advance(120_000);
    expect(agent.control.status()).toMatchObject({ status: 'online', device_id: 'dev_1' });
    expect(new Set(one.cloud.claims).size).toBe(1);
    expect(one.cloud.devices.size).toBe(1);
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AgentProcess, AgentStatus } from './support/agent-process.ts';
import type { CloudProcess } from './support/cloud-process.ts';
import { Story, trusting } from './support/story.ts';
import { hasWrongClocks, startingAt } from './support/wrong-clock.ts';

const patience = 30_000;
const isOnline = (status: AgentStatus): boolean =>
  status.status === 'online' && status.last_heartbeat !== null;

describe.skipIf(!hasWrongClocks('e2e/wrong-clock.test.ts'))('a real agent against a real cloud', () => {
  const story = new Story();
  let cloud: CloudProcess;

  beforeAll(async () => {
    cloud = await story.cloud();
  });

  afterAll(() => story.end());

  const yearSeconds = 365 * 24 * 3600;
  const trusts: Readonly<Record<string, (code: string) => Record<string, string>>> = {
    'the pin of its authority': (code) => trusting(cloud, code),
    'a CA file': (code) => ({ ...withoutPin(code), EDGEFLOW_SAAS_CA_FILE: cloud.caFile }),
    'a CA file and a pin': (code) => ({ ...trusting(cloud, code), EDGEFLOW_SAAS_CA_FILE: cloud.caFile }),
    'the roots of the system': withoutPin,
  };

  function withoutPin(code: string): Record<string, string> {
    return { EDGEFLOW_SAAS_URL: cloud.url, EDGEFLOW_PROVISIONING_CODE: code };
  }

  const clocks = ['1970-01-01 00:01:00', '2099-06-01 12:00:00'] as const;
  const scenes = [
    ...Object.keys(trusts).map((trust) => [clocks[0], trust] as const),
    [clocks[1], 'the pin of its authority'],
    [clocks[1], 'the roots of the system'],
  ] as const;

  it.each(scenes)('onboards at %s by %s, and comes back after a restart', async (clock, trust) => {
    const { code } = await story.code(cloud);
    const device = await story.device();
    const settings = trusts[trust]?.(code) ?? {};
    const extra = trust === 'the roots of the system' ? { NODE_EXTRA_CA_CERTS: cloud.caFile } : {};
    const start = (): AgentProcess =>
      story.agent(device, settings, { environment: { ...startingAt(clock), ...extra } });
    const first = start();
    const status = await first.until('online', isOnline, patience);
    expect(Math.abs(status.clock_skew_seconds ?? 0)).toBeGreaterThan(50 * yearSeconds);
    const diagnosis = (await (await fetch(`${first.url}/api/v1/saas/diagnosis`)).json()) as {
      ok: boolean;
      checks: { name: string; result: string; code: string | null; detail: string }[];
    };
    expect(diagnosis.ok).toBe(true);
    expect(diagnosis.checks.filter(({ result }) => result !== 'ok')).toMatchObject([
      { name: 'clock', result: 'warn', code: 'clock_wrong' },
    ]);
    expect(diagnosis.checks.find(({ name }) => name === 'tls')?.detail).toContain('cannot be right');
    await first.stop();
    const again = await start().until('online again', isOnline, patience);
    expect(again.device_id).toBe(status.device_id);
  });

  it.each(clocks)('at %s trusts no cloud that it would not trust otherwise', async (clock) => {
    const { code } = await story.code(cloud);
    const heard = async (settings: Record<string, string>): Promise<string | undefined> => {
      const agent = story.agent(await story.device(), settings, { environment: startingAt(clock) });
      const status = await agent.until('a problem', ({ last_error: error }) => error !== null, patience);
      await agent.stop();
      return status.last_error?.code;
    };
    expect(await heard(withoutPin(code))).toBe('tls_untrusted');
    const pin = `sha256/${Buffer.alloc(32, 7).toString('base64')}`;
    expect(await heard({ ...withoutPin(code), EDGEFLOW_SAAS_TLS_PIN: pin })).toBe('tls_pin_mismatch');
    const codes = await cloud.call('GET', '/api/v1/provisioning-codes?status=active');
    expect(JSON.stringify(codes.json)).toContain('"status":"active"');
  });
});

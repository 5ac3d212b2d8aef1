import { systemClock, systemFiles } from '@edgeflow/platform';
import { SimulatedFiles } from '@edgeflow/platform/simulated';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../config.ts';
import { prepareStateFolder } from '../identity/index.ts';
import { transportTo } from '../net/testing/transports.ts';
import { diagnose } from './diagnose.ts';
import { type DiagnosisSubject, inputsFrom } from './subject.ts';

const code = 'PROV-Q7Q7-Q7Q7';

async function subject(
  environment: Record<string, string>,
  over: Partial<DiagnosisSubject> = {},
): Promise<DiagnosisSubject> {
  const result = await loadConfig({ files: systemFiles, environment, envFile: '/dev/null' });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return {
    config: result.config,
    warnings: result.warnings,
    cloud: result.config.cloud,
    hasIdentity: false,
    notices: [],
    status: undefined,
    makeTransport: ({ url }) =>
      transportTo(url, {
        resolve: () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' })),
      }),
    stateFolder: () => prepareStateFolder(new SimulatedFiles(), '/state'),
    clock: systemClock,
    floorMs: 0,
    floorNotice: undefined,
    ...over,
  };
}

async function found(name: string, from: DiagnosisSubject) {
  const { checks } = await diagnose(inputsFrom(from));
  return checks.find((check) => check.name === name);
}

describe('what a diagnosis sees of an agent', () => {
  it('holds neither its code nor its key', async () => {
    const from = await subject({
      EDGEFLOW_SAAS_URL: 'cloud.test',
      EDGEFLOW_PROVISIONING_CODE: code,
      EDGEFLOW_DEVICE_ID: 'dev_1',
      EDGEFLOW_API_KEY: 'the-secret-key',
    });
    const inputs = inputsFrom(from);
    expect(JSON.stringify([inputs, inputs.identity(), await diagnose(inputs)])).not.toMatch(
      /Q7Q7|the-secret-key/,
    );
  });

  it('names the setting that holds a code', async () => {
    const from = await subject({ EDGEFLOW_SAAS_URL: 'cloud.test', EDGEFLOW_PROVISIONING_CODE: code });
    expect(await found('identity', from)).toMatchObject({
      result: 'ok',
      detail: expect.stringContaining('EDGEFLOW_PROVISIONING_CODE') as string,
    });
  });

  it('says once that a code cannot be used', async () => {
    const from = await subject({ EDGEFLOW_SAAS_URL: 'cloud.test', EDGEFLOW_PROVISIONING_CODE: 'no' });
    expect(await found('identity', from)).toMatchObject({ result: 'fail', code: 'settings_invalid' });
    expect(await found('settings', from)).toMatchObject({ result: 'ok' });
  });

  it('knows whether a proxy is on the way', async () => {
    const proxy = { HTTPS_PROXY: 'http://proxy.test:3128' };
    const through = await subject({ EDGEFLOW_SAAS_URL: 'cloud.test', ...proxy });
    expect(inputsFrom(through).cloud).toMatchObject({ isProxied: true, isTls: true, isPinned: false });
    const around = await subject({ EDGEFLOW_SAAS_URL: 'cloud.test', ...proxy, NO_PROXY: '.test' });
    expect(inputsFrom(around).cloud).toMatchObject({ isProxied: false });
  });

  it('takes an identity from the running agent, and a vault that cannot be opened from its last error', async () => {
    const status = {
      connected: false,
      device_id: null,
      status: 'unprovisioned',
      last_heartbeat: null,
      phase: 'vault_unreadable',
      cloud_url: null,
      key_expires_at: null,
      uptime_seconds: 1,
      clock_skew_seconds: null,
      last_error: {
        code: 'vault_unreadable',
        message: 'Torn.',
        next_step: 'Restore it.',
        at: '2026-02-21T12:00:00Z',
      },
    } as const;
    const unreadable = await subject({}, { status });
    expect(await found('identity', unreadable)).toMatchObject({ code: 'vault_unreadable', detail: 'Torn.' });
    const known = await subject(
      {},
      { hasIdentity: true, status: { ...status, device_id: 'dev_1', last_error: null } },
    );
    expect(await found('identity', known)).toMatchObject({
      result: 'ok',
      detail: expect.stringContaining('dev_1') as string,
    });
  });
});

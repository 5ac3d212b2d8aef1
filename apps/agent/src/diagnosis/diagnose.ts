import type { Diagnosis } from '@edgeflow/contract';
import type { Clock } from '@edgeflow/platform';
import { type Check, type CheckName, notChecked } from './check.ts';
import { checkCloud } from './cloud-checks.ts';
import { checkDisk, checkIdentity, checkSettings, checkTunnel } from './device-checks.ts';
import type { CloudUnderTest, DiagnosisInputs } from './inputs.ts';
import { brokenPath, checkPath } from './path-checks.ts';

const networkChecks: readonly CheckName[] = ['resolve', 'proxy', 'tcp', 'tls', 'pin', 'clock', 'cloud'];

/**
 * Goes the way that onboarding goes and says how far it is open. It changes nothing, consumes no code, sends no key,
 * and does not touch the tunnel.
 */
export async function diagnose(inputs: DiagnosisInputs): Promise<Diagnosis> {
  const { cloud, clock, status } = inputs;
  const disk = checkDisk(await inputs.stateFolder());
  const network = cloud === undefined ? withoutCloud : await checkNetwork(cloud, clock);
  const checks = [
    checkSettings(inputs.settings),
    disk,
    checkIdentity(inputs.identity(), network.cloudTimeMs),
    ...network.checks,
    checkTunnel(status?.()),
  ];
  return { ok: checks.every(({ result }) => result !== 'fail'), checks };
}

interface NetworkFindings {
  readonly checks: readonly Check[];
  readonly cloudTimeMs: number | undefined;
}

const withoutCloud: NetworkFindings = {
  checks: networkChecks.map((name) => notChecked(name, 'no setting says which cloud this device belongs to')),
  cloudTimeMs: undefined,
};

async function checkNetwork(cloud: CloudUnderTest, clock: Clock): Promise<NetworkFindings> {
  const probe = await cloud.transport.probe();
  const broken = brokenPath(probe);
  const path = checkPath(cloud, probe);
  if (broken !== undefined) {
    const checks = [...path, notChecked('clock', broken), notChecked('cloud', broken)];
    return { checks, cloudTimeMs: undefined };
  }
  const { checks, cloudTimeMs } = await checkCloud(cloud, clock);
  return { checks: [...path, ...checks], cloudTimeMs };
}

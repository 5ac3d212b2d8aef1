import type { Diagnosis } from '@edgeflow/contract';
import { type Check, type CheckName, notChecked, warned } from './check.ts';
import { checkClockAlone, checkCloud } from './cloud-checks.ts';
import { checkDisk, checkIdentity, checkSettings, checkTunnel } from './device-checks.ts';
import type { CloudUnderTest, DiagnosisInputs } from './inputs.ts';
import { brokenPath, checkPath } from './path-checks.ts';

const networkChecks: readonly CheckName[] = ['resolve', 'proxy', 'tcp', 'tls', 'pin', 'clock', 'cloud'];

/**
 * Goes the way that onboarding goes and says how far it is open. It changes nothing, consumes no code, sends no key,
 * and does not touch the tunnel.
 */
export async function diagnose(inputs: DiagnosisInputs): Promise<Diagnosis> {
  const { cloud, status } = inputs;
  const disk = checkDisk(await inputs.stateFolder());
  const network = cloud === undefined ? withoutCloud(inputs) : await checkNetwork(cloud, inputs);
  const checks = [
    checkSettings(inputs.settings),
    disk,
    checkIdentity(inputs.identity(), network.cloudTimeMs),
    ...network.checks.map((check) => withFloorNotice(check, inputs)),
    checkTunnel(status?.()),
  ];
  return { ok: checks.every(({ result }) => result !== 'fail'), checks };
}

/** What is wrong with the clock itself matters more. */
function withFloorNotice(check: Check, { floorNotice: notice }: DiagnosisInputs): Check {
  if (notice === undefined || check.name !== 'clock' || check.code !== null) return check;
  return warned('clock', { detail: notice.detail, nextStep: notice.nextStep });
}

interface NetworkFindings {
  readonly checks: readonly Check[];
  readonly cloudTimeMs: number | undefined;
}

function withoutCloud(inputs: DiagnosisInputs): NetworkFindings {
  const why = 'no setting says which cloud this device belongs to';
  const checks = networkChecks.map((name) =>
    name === 'clock' ? checkClockAlone(inputs, why) : notChecked(name, why),
  );
  return { checks, cloudTimeMs: undefined };
}

async function checkNetwork(cloud: CloudUnderTest, inputs: DiagnosisInputs): Promise<NetworkFindings> {
  const probe = await cloud.transport.probe();
  const broken = brokenPath(probe);
  const path = checkPath(cloud, probe);
  if (broken !== undefined) {
    const checks = [...path, checkClockAlone(inputs, broken), notChecked('cloud', broken)];
    return { checks, cloudTimeMs: undefined };
  }
  const { checks, cloudTimeMs } = await checkCloud(cloud, inputs);
  return { checks: [...path, ...checks], cloudTimeMs };
}

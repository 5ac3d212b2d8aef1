import type { ConnectionProbe, ConnectPhase } from '../net/index.ts';
import { type Check, failed, notChecked, passed } from './check.ts';
import type { CloudUnderTest } from './inputs.ts';

const phases: readonly ConnectPhase[] = ['resolve', 'proxy', 'tcp', 'tls', 'pin'];

const labels: Readonly<Record<ConnectPhase, string>> = {
  resolve: 'the name does not resolve',
  proxy: 'the proxy cannot be used',
  tcp: 'the cloud cannot be reached',
  tls: 'the certificate is refused',
  pin: 'the pin does not fit',
};

/** Why nothing that needs a connection can be checked, or undefined. */
export function brokenPath(probe: ConnectionProbe): string | undefined {
  return probe.failure === undefined ? undefined : labels[probe.failure.phase];
}

/** One check for each phase of a connection. */
export function checkPath(cloud: CloudUnderTest, probe: ConnectionProbe): Check[] {
  return phases.map((phase) => checkPhase(phase, cloud, probe));
}

function checkPhase(
  phase: ConnectPhase,
  cloud: CloudUnderTest,
  { passed: details, failure }: ConnectionProbe,
): Check {
  if (failure?.phase === phase) {
    return failed(phase, { detail: failure.error.message, code: failure.error.code });
  }
  const unused = reasonUnused(phase, cloud);
  if (unused !== undefined) return passed(phase, unused);
  const detail = details.get(phase);
  if (detail !== undefined) return passed(phase, detail);
  return notChecked(
    phase,
    failure === undefined ? 'the connection did not come to it' : labels[failure.phase],
  );
}

function reasonUnused(
  phase: ConnectPhase,
  { isTls, isPinned, isProxied }: CloudUnderTest,
): string | undefined {
  if (phase === 'proxy' && !isProxied) return 'no proxy is used';
  if (phase === 'tls' && !isTls) return 'not used: the cloud is on this machine';
  if (phase === 'pin' && !(isTls && isPinned)) return 'no pin is set';
  return undefined;
}

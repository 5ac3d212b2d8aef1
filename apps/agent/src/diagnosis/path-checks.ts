import type { ConnectionProbe, ConnectPhase, TransportError } from '../net/index.ts';
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
    const { message: detail, code } = failure.error;
    return failed(phase, { detail, code, nextStep: adviceFor(phase, failure.error) });
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

/** Where the general advice of the catalogue would leave open which end to look at. */
function adviceFor(phase: ConnectPhase, { code }: TransportError): string | undefined {
  if (code !== 'cloud_unreachable') return undefined;
  if (phase === 'tcp') {
    return 'Check that the cloud runs, that host and port in EDGEFLOW_SAAS_URL are right, and that no firewall is in between.';
  }
  if (phase === 'tls') {
    return 'Look at the cloud, and at what stands before it: something accepts connections at this address and does not finish a TLS handshake.';
  }
  return undefined;
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

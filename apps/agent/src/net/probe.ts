import type { Connect } from './connector.ts';
import type { ConnectPhase } from './dial.ts';
import { TransportError } from './transport.ts';

/** How far a connection to the cloud comes. */
export interface ConnectionProbe {
  /** What was found in each phase that was passed. */
  readonly passed: ReadonlyMap<ConnectPhase, string>;
  readonly failure?: { readonly phase: ConnectPhase; readonly error: TransportError };
}

/** Makes one connection, sends nothing on it and closes it. Never rejects. */
export async function probeConnection(connect: Connect): Promise<ConnectionProbe> {
  const passed = new Map<ConnectPhase, string>();
  let current: ConnectPhase = 'resolve';
  const observer = {
    started: (phase: ConnectPhase): void => {
      current = phase;
    },
    passed: (phase: ConnectPhase, detail: string): void => {
      passed.set(phase, detail);
    },
  };
  try {
    const socket = await connect(new AbortController().signal, observer);
    socket.destroy();
    return { passed };
  } catch (error) {
    const failure =
      error instanceof TransportError
        ? error
        : new TransportError('cloud_unreachable', 'The connection failed.', { cause: error });
    return { passed, failure: { phase: phaseOf(failure, current), error: failure } };
  }
}

/**
 * TLS may need more than one connection, so the phase that began last is not always the one that failed: after a
 * refused certificate another connection is opened only to look at it. The codes of TLS and the pin tell.
 */
function phaseOf(error: TransportError, begunLast: ConnectPhase): ConnectPhase {
  if (error.code === 'tls_pin_mismatch') return 'pin';
  return error.code.startsWith('tls_') ? 'tls' : begunLast;
}

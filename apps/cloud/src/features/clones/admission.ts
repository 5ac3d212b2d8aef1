import { cloneWaitSeconds, cloneWaitWithoutInstanceSeconds } from '@edgeflow/contract';
import type { DeviceRow } from '../../storage/tables.ts';
import { type Arrival, arrive, isSuperseded } from './decide.ts';
import { readHistory, writeHistory } from './history.ts';

/** A tunnel that was heard within this time counts as alive: a heartbeat, and five seconds for the way. */
const aliveWithinMs = 35_000;

export interface Knocking extends Arrival {
  /** For how long the tunnel that the device has on this node has been silent; undefined without one. */
  readonly incumbentSilentMs: number | undefined;
}

export type Admittance =
  | {
      readonly kind: 'enter';
      /** What to keep of the device's connections from now on. */
      readonly history: string;
      /** A process that another one had superseded is back: one of several lives, or something that was delayed. */
      readonly isReturn: boolean;
    }
  | { readonly kind: 'wait'; readonly seconds: number };

type Known = Pick<DeviceRow, 'session_epoch' | 'tunnel_history' | 'clone_suspected_at_ms'>;

/**
 * Whether a device whose key is good may connect, with its row held by the transaction. While clones are suspected the
 * newest stays: a process that was superseded is sent away, so that two do not replace each other for ever. One that
 * has never been seen is let in, for the newest may have restarted. Of connections without `instance` the one that is
 * alive stays, because who else knocks cannot be told.
 *
 * @param isNewKey the key authenticates for the first time: whoever used an earlier one is refused from now on
 */
export function admit(device: Known, knocking: Knocking, isNewKey: boolean, nowMs: number): Admittance {
  const { incumbentSilentMs, ...arrival } = knocking;
  const history = readHistory(isNewKey ? null : device.tunnel_history);
  const isReturn = isSuperseded(history, arrival.instance);
  if (device.clone_suspected_at_ms !== null && !isNewKey) {
    if (isReturn) return { kind: 'wait', seconds: cloneWaitSeconds };
    const isHeld = incumbentSilentMs !== undefined && incumbentSilentMs <= aliveWithinMs;
    if (arrival.instance === null && isHeld)
      return { kind: 'wait', seconds: cloneWaitWithoutInstanceSeconds };
  }
  const next = arrive(history, arrival, device.session_epoch + 1, nowMs);
  return { kind: 'enter', history: writeHistory(next), isReturn };
}

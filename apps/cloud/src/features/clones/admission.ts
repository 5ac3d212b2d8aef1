import { cloneWaitSeconds, cloneWaitWithoutInstanceSeconds } from '@edgeflow/contract';
import type { DeviceRow } from '../../storage/tables.ts';
import { type Arrival, arrive, isSuperseded } from './decide.ts';
import { readHistory, writeHistory } from './history.ts';

/** A tunnel that was heard within this time counts as alive: a heartbeat, and five seconds for the way. */
const aliveWithinMs = 35_000;
/** When a device was last heard is written every minute; one that is online and was not heard for so long is not. */
const heldWithinMs = 180_000;

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

type Known = Pick<
  DeviceRow,
  'session_epoch' | 'tunnel_history' | 'clone_suspected_at_ms' | 'presence' | 'last_seen_at_ms'
>;

/**
 * Whether a device whose key is good may connect, with its row held by the transaction. While clones are suspected the
 * newest stays for as long as it is there, and what it has superseded is sent away, so that two do not replace each
 * other for ever. Once it has gone the other may come back: no device is shut out for good but by an operator. A
 * process that has never been seen is let in, for the newest may have restarted.
 *
 * @param isNewKey the key authenticates for the first time: whoever used an earlier one is refused from now on
 */
export function admit(device: Known, knocking: Knocking, isNewKey: boolean, nowMs: number): Admittance {
  const { incumbentSilentMs, ...arrival } = knocking;
  const history = readHistory(isNewKey ? null : device.tunnel_history);
  const isReturn = isSuperseded(history, arrival.instance);
  if (device.clone_suspected_at_ms !== null && !isNewKey && isHeld(device, nowMs)) {
    if (isReturn) return { kind: 'wait', seconds: cloneWaitSeconds };
    // Who knocks without an instance cannot be told from who is there, but by that one being alive.
    const isAlive = incumbentSilentMs !== undefined && incumbentSilentMs <= aliveWithinMs;
    if (arrival.instance === null && isAlive)
      return { kind: 'wait', seconds: cloneWaitWithoutInstanceSeconds };
  }
  const next = arrive(history, arrival, device.session_epoch + 1, nowMs);
  return { kind: 'enter', history: writeHistory(next), isReturn };
}

/** Whether somebody is connected with this identity, or is expected back in a moment. */
function isHeld({ last_seen_at_ms: lastSeenMs, presence }: Known, nowMs: number): boolean {
  const isThere = presence === 'online' || presence === 'reconnecting';
  return isThere && lastSeenMs !== null && nowMs - lastSeenMs < heldWithinMs;
}

import { cloneWaitSeconds, cloneWaitWithoutInstanceSeconds } from '@edgeflow/contract';
import type { DeviceRow } from '../../storage/tables.ts';
import { type Arrival, arrive, isSuperseded } from './decide.ts';
import { readHistory, writeHistory } from './history.ts';

/** A tunnel that was heard within this time counts as alive: a heartbeat, and five seconds for the way. */
const aliveWithinMs = 35_000;
/**
 * The same by what another node has written: it writes every minute when it last heard its devices, each of which it
 * hears every 35 seconds.
 */
const aliveElsewhereWithinMs = 95_000;
/** When a device was last heard is written every minute; one that is online and was not heard for so long is not. */
const heldWithinMs = 180_000;

/** The latest tunnel of a device that a node knows of itself. */
export interface TunnelHere {
  readonly epoch: number;
  /** Infinity once it has gone. */
  readonly silentMs: number;
}

export interface Knocking extends Arrival {
  /** The tunnel that the device has on this node, or has had until a moment ago. */
  readonly here: TunnelHere | undefined;
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
 * process that has never been seen is let in, for the newest may have restarted. Who knocks without an instance cannot
 * be told from who is there, but by that one being alive, on this node or another.
 *
 * @param isNewKey the key authenticates for the first time: whoever used an earlier one is refused from now on
 */
export function admit(device: Known, knocking: Knocking, isNewKey: boolean, nowMs: number): Admittance {
  const { here, ...arrival } = knocking;
  const history = readHistory(isNewKey ? null : device.tunnel_history);
  const isReturn = isSuperseded(history, arrival.instance);
  if (device.clone_suspected_at_ms !== null && !isNewKey && isHeld(device, nowMs)) {
    if (isReturn) return { kind: 'wait', seconds: cloneWaitSeconds };
    if (arrival.instance === null && isAlive(device, here, nowMs))
      return { kind: 'wait', seconds: cloneWaitWithoutInstanceSeconds };
  }
  const next = arrive(history, arrival, device.session_epoch + 1, nowMs);
  return { kind: 'enter', history: writeHistory(next), isReturn };
}

/** Whether the newest connection of the device is alive. This node knows best of its own, the row of any other's. */
function isAlive(device: Known, here: TunnelHere | undefined, nowMs: number): boolean {
  const { last_seen_at_ms: lastSeenMs, presence, session_epoch: newest } = device;
  if (here !== undefined && here.epoch >= newest) return here.silentMs <= aliveWithinMs;
  // In both directions: a node whose clock is wrong, and that is lost, must shut nobody out for long.
  return (
    presence === 'online' && lastSeenMs !== null && Math.abs(nowMs - lastSeenMs) < aliveElsewhereWithinMs
  );
}

/** Whether somebody is connected with this identity, or is expected back in a moment. */
function isHeld({ last_seen_at_ms: lastSeenMs, presence }: Known, nowMs: number): boolean {
  const isThere = presence === 'online' || presence === 'reconnecting';
  return isThere && lastSeenMs !== null && nowMs - lastSeenMs < heldWithinMs;
}

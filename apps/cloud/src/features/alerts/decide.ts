import type { AlertMessageKind } from '@edgeflow/contract';
import type { AlertIncidentRow } from '../../storage/alert-tables.ts';

const minuteMs = 60_000;

/** Devices that go offline within this time of each other are one outage… */
const outageGapMs = 5 * minuteMs;
/** …as long as it is no older than this. */
const outageMsMax = 6 * 60 * minuteMs;
/** Keys that are found within this time are one incident. */
const keysGapMs = 24 * 60 * minuteMs;
/** Incidents of one rule that are open at one moment; who comes then joins the newest. */
const openMax = 20;

/** An incident is told of once it has had this time to gather its devices. */
const gatherMs = 20_000;
/** It is told again how it has grown when it has twice the devices, and not sooner than this. */
const growMs = 5 * minuteMs;
/** Messages about one incident, the last of which is that it has ended. */
const messagesMax = 10;

type Span = Pick<AlertIncidentRow, 'from_ms' | 'to_ms' | 'condition'>;

/**
 * The open incident that newcomers join; undefined: they begin another.
 *
 * @param open of the same rule and condition, the newest last
 * @param firstMs when the first of the newcomers went offline, or their keys were found
 */
export function incidentToJoin<Incident extends Span>(
  open: readonly Incident[],
  firstMs: number,
): Incident | undefined {
  const newest = open.at(-1);
  if (newest === undefined) return undefined;
  const isSame =
    newest.condition === 'offline'
      ? firstMs - newest.to_ms <= outageGapMs && firstMs - newest.from_ms <= outageMsMax
      : firstMs - newest.from_ms <= keysGapMs;
  return isSame || open.length >= openMax ? newest : undefined;
}

type Told = Pick<
  AlertIncidentRow,
  'created_at_ms' | 'devices_joined' | 'devices_now' | 'messages' | 'told_at_ms' | 'told_devices'
>;

export interface Progress {
  /** Nobody of it is left. */
  readonly isOver: boolean;
  /** What is to be told now. */
  readonly message: Exclude<AlertMessageKind, 'test'> | undefined;
}

/** What has become of an incident. One that is over before it was told of is not told of at all. */
export function progressOf(incident: Told, nowMs: number): Progress {
  const { told_at_ms: toldAtMs } = incident;
  if (incident.devices_now === 0) {
    return { isOver: true, message: toldAtMs === null ? undefined : 'resolved' };
  }
  if (toldAtMs === null) {
    const isGathered = nowMs - incident.created_at_ms >= gatherMs;
    return { isOver: false, message: isGathered ? 'opened' : undefined };
  }
  const hasGrown = incident.devices_joined >= 2 * incident.told_devices && nowMs - toldAtMs >= growMs;
  const mayTell = incident.messages < messagesMax - 1;
  return { isOver: false, message: hasGrown && mayTell ? 'grown' : undefined };
}

import type { AlertMessageKind } from '@edgeflow/contract';
import { toRfc3339 } from '@edgeflow/platform';
import type { AlertIncidentRow } from '../../storage/alert-tables.ts';

/** Devices that a message names. */
export const namedMax = 20;

export interface NamedDevice {
  readonly id: string;
  readonly name: string | null;
}

/** What a webhook gets: type, timestamp and data, as Standard Webhooks advise. */
export interface AlertMessage {
  readonly type: `alert.${AlertMessageKind}`;
  readonly timestamp: string;
  readonly data: {
    readonly summary: string;
    /** Where to look: the overview of the dashboard. */
    readonly url: string;
    readonly incident: {
      readonly id: string;
      readonly rule_id: string;
      readonly condition: AlertIncidentRow['condition'];
      readonly group: string | null;
      readonly opened_at: string;
      readonly devices_joined: number;
      readonly devices_now: number;
    } | null;
    /** The first of those that it is about now. */
    readonly devices: readonly NamedDevice[];
  };
}

/** When a message is made, and where people reach the cloud by then. */
export interface Moment {
  readonly nowMs: number;
  readonly publicUrl: string;
}

export function messageAbout(
  kind: Exclude<AlertMessageKind, 'test'>,
  incident: AlertIncidentRow,
  devices: readonly NamedDevice[],
  { nowMs, publicUrl }: Moment,
): AlertMessage {
  return {
    type: `alert.${kind}`,
    timestamp: toRfc3339(nowMs),
    data: {
      summary: summaryOf(kind, incident),
      url: overviewOf(publicUrl),
      incident: {
        id: incident.id,
        rule_id: incident.rule_id,
        condition: incident.condition,
        group: incident.device_group === '' ? null : incident.device_group,
        opened_at: toRfc3339(incident.created_at_ms),
        devices_joined: incident.devices_joined,
        devices_now: incident.devices_now,
      },
      devices,
    },
  };
}

export function testMessage({ nowMs, publicUrl }: Moment): AlertMessage {
  const summary = 'This is a test. Alerts of EdgeFlow arrive here.';
  return {
    type: 'alert.test',
    timestamp: toRfc3339(nowMs),
    data: { summary, url: overviewOf(publicUrl), incident: null, devices: [] },
  };
}

function overviewOf(publicUrl: string): string {
  return `${publicUrl}/overview`;
}

function summaryOf(kind: Exclude<AlertMessageKind, 'test'>, incident: AlertIncidentRow): string {
  const where = incident.device_group === '' ? '' : ` in group "${incident.device_group}"`;
  if (kind === 'resolved') {
    const what = incident.condition === 'offline' ? 'back' : 'no longer about to lose their key';
    return `All of ${devicesOf(incident.devices_joined)}${where} are ${what}, or gone for good.`;
  }
  const what =
    incident.condition === 'offline' ? 'offline' : 'about to lose their key, which they do not rotate';
  const grown = kind === 'grown' ? `, ${String(incident.devices_joined)} since it began` : '';
  return `${devicesOf(incident.devices_now)}${where}: ${what}${grown}.`;
}

function devicesOf(count: number): string {
  return count === 1 ? '1 device' : `${String(count)} devices`;
}

/** The same for people. */
export function mailOf(message: AlertMessage): { readonly subject: string; readonly text: string } {
  const { devices, incident, summary, url } = message.data;
  const lines = [summary, ''];
  for (const { id, name } of devices) lines.push(name === null ? `- ${id}` : `- ${name} (${id})`);
  const more = (incident?.devices_now ?? 0) - devices.length;
  if (devices.length > 0 && more > 0) lines.push(`- and ${String(more)} more`);
  if (devices.length > 0) lines.push('');
  if (incident !== null) lines.push(`Incident ${incident.id}, open since ${incident.opened_at}.`);
  lines.push(`What to do: ${url}`, 'Alert rules are under Settings, Alerts.');
  return { subject: `[EdgeFlow] ${summary}`, text: `${lines.join('\n')}\n` };
}

import type { Device, DeviceKey, JsonObject } from '@edgeflow/contract';
import { fields } from '../output/table.ts';

/** A device for people. */
export function deviceView(device: Device): string {
  const { hardware_info: hardware, network_info: network } = device;
  return fields([
    ['Device', device.device_id],
    ['Name', device.name],
    [
      'Status',
      device.status_since === null ? device.status : `${device.status} since ${device.status_since}`,
    ],
    ['Clones', clonesView(device)],
    ['Tags', device.tags.join(', ')],
    ['Group', device.group],
    [
      'Made',
      `${device.created_at}${device.code_id === null ? ` by ${device.origin}` : ` with ${device.code_id}`}`,
    ],
    ['Agent', device.agent_version],
    ['Board', said(hardware, 'board_model')],
    ['Serial number', said(hardware, 'serial_number')],
    [
      'System',
      ['os', 'arch', 'kernel']
        .map((name) => said(hardware, name))
        .join(' ')
        .trim(),
    ],
    ['Host name', said(network, 'hostname')],
    ['Local address', said(network, 'ip_address')],
    ['MAC address', said(network, 'mac_address')],
    ['Last seen', lastSeen(device)],
    ['Last close', device.last_close_reason],
    ['Key', device.key === null ? 'none that works' : keyView(device.key)],
  ]);
}

/** Both sides of a suspicion, so that the operator sees which is which. */
function clonesView({ clone_evidence: evidence, clone_suspected_at: since }: Device): string | null {
  if (since === null) return null;
  const sides = (evidence?.connections ?? []).map(
    ({ address, first_at, instance, last_at }) =>
      `${instance ?? 'unnamed process'} at ${address}, from ${first_at} to ${last_at}`,
  );
  return [`suspected since ${since}`, ...sides].join('; ');
}

/** The documents are the device's own words: any member may be missing, or of any type. */
function said(info: JsonObject, name: string): string {
  const value = info[name];
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function lastSeen({ last_seen_at, last_address }: Device): string | null {
  return last_seen_at === null || last_address === null
    ? last_seen_at
    : `${last_seen_at} from ${last_address}`;
}

function keyView(key: DeviceKey): string {
  const remarks = [
    ...(key.rotation_pending ? ['rotation pending'] : []),
    ...(key.can_rotate === false ? ['the device cannot rotate it'] : []),
    ...(key.first_used_at === null ? ['never used'] : []),
  ];
  return [`${key.id} expires ${key.expires_at}`, ...remarks].join(', ');
}

import type {
  CloneEvidence,
  Device,
  DeviceKey,
  DevicePresence,
  DeviceStatus,
  JsonObject,
} from '@edgeflow/contract';
import { toRfc3339 } from '@edgeflow/platform';
import type { CredentialRow, DeviceRow } from '../../storage/tables.ts';

/** What only the node that holds the tunnel knows. */
export interface LivePresence {
  /** When the device was last heard, in milliseconds since 1970; undefined without an open tunnel here. */
  lastHeardMs(deviceId: string): number | undefined;
}

export function viewDevice(
  row: DeviceRow,
  credentials: readonly CredentialRow[],
  live: LivePresence,
): Device {
  return {
    device_id: row.id,
    name: row.name,
    status: deviceStatusOf(row),
    status_since: statusSince(row),
    tags: JSON.parse(row.tags) as string[],
    group: row.device_group,
    created_at: toRfc3339(row.created_at_ms),
    origin: row.origin,
    code_id: row.code_id,
    agent_version: row.agent_version,
    hardware_info: JSON.parse(row.hardware_info) as JsonObject,
    network_info: JSON.parse(row.network_info) as JsonObject,
    last_seen_at: lastSeen(row, live),
    last_address: row.last_address,
    last_close_reason: row.last_close_reason,
    clone_suspected_at: timeOrNull(row.clone_suspected_at_ms),
    clone_evidence: row.clone_evidence === null ? null : (JSON.parse(row.clone_evidence) as CloneEvidence),
    key: viewKey(row, credentials),
  };
}

export function viewPresence(
  row: DeviceRow,
  credentials: readonly CredentialRow[],
  live: LivePresence,
): DevicePresence {
  const status = deviceStatusOf(row);
  return {
    device_id: row.id,
    status,
    connected: status === 'online',
    status_since: statusSince(row),
    last_seen_at: lastSeen(row, live),
    last_address: row.last_address,
    last_close_reason: row.last_close_reason,
    key_expires_at: viewKey(row, credentials)?.expires_at ?? null,
  };
}

export function deviceStatusOf(row: Pick<DeviceRow, 'lifecycle' | 'presence'>): DeviceStatus {
  if (row.lifecycle === 'revoked' || row.lifecycle === 'quarantined') return row.lifecycle;
  return row.presence;
}

function statusSince(row: DeviceRow): string | null {
  const refused = row.lifecycle === 'revoked' || row.lifecycle === 'quarantined';
  return timeOrNull(refused ? row.lifecycle_changed_at_ms : row.presence_since_ms);
}

function lastSeen(row: DeviceRow, live: LivePresence): string | null {
  return timeOrNull(live.lastHeardMs(row.id) ?? row.last_seen_at_ms);
}

/** The key in use, or the one issued and not used yet. */
function viewKey(row: DeviceRow, credentials: readonly CredentialRow[]): DeviceKey | null {
  const active = credentials.find((credential) => credential.state === 'active');
  const issued = credentials.find((credential) => credential.state === 'issued');
  const shown = active ?? issued;
  if (shown === undefined) return null;
  return {
    id: shown.id,
    created_at: toRfc3339(shown.created_at_ms),
    expires_at: toRfc3339(shown.expires_at_ms),
    first_used_at: timeOrNull(shown.authenticated_at_ms),
    last_rotated_at: shown.created_at_ms > row.created_at_ms ? timeOrNull(shown.authenticated_at_ms) : null,
    rotation_pending: row.rotation_wanted_at_ms !== null || (active !== undefined && issued !== undefined),
    can_rotate: row.can_rotate === null ? null : row.can_rotate === 1,
  };
}

function timeOrNull(epochMs: number | null): string | null {
  return epochMs === null ? null : toRfc3339(epochMs);
}

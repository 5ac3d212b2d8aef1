/** What is known of devices beyond their own row, and changes to many of them. See {@link Tables} for the forms. */
export interface DeviceTables {
  device_notes: DeviceNotesRow;
  device_connections: DeviceConnectionRow;
  bulk_changes: BulkChangeRow;
  bulk_parts: BulkPartRow;
}

/** What people note about a device. */
export interface DeviceNotesRow {
  device_id: string;
  organization_id: string;
  notes: string | null;
  location: string | null;
  /** Degrees, both or neither. */
  latitude: number | null;
  longitude: number | null;
  updated_at_ms: number;
}

/** One accepted connection of a device, by the epoch that fences it. */
export interface DeviceConnectionRow {
  device_id: string;
  epoch: number;
  organization_id: string;
  began_at_ms: number;
  address: string | null;
  /** null while it is open; and for good where a newer one took its place, or the cloud ended first. */
  ended_at_ms: number | null;
  close_reason: string | null;
}

/** A change to many devices: who asked for it, and how far it is. */
export interface BulkChangeRow {
  id: string;
  organization_id: string;
  actor_id: string;
  address: string | null;
  request_id: string | null;
  /** JSON: what is to be done. */
  change: string;
  state: 'running' | 'finished';
  total: number;
  parts: number;
  /** The part that comes next; those before it are committed. */
  next_part: number;
  changed: number;
  /** JSON: how many devices were left as they are, by reason. */
  skipped: string;
  created_at_ms: number;
  /** When the node that works on it last said so; another takes over from one that is silent. */
  beat_at_ms: number;
  finished_at_ms: number | null;
  /** SHA-256 of its `Idempotency-Key`: a repeat finds it. */
  request_hash: string | null;
  /** SHA-256 of what was asked for. */
  content_hash: string | null;
}

/** The devices that one transaction of a change to many is about, as a JSON list of ids. */
export interface BulkPartRow {
  bulk_id: string;
  part: number;
  device_ids: string;
}

import type { AlertMessageKind } from '@edgeflow/contract';

export interface AlertRuleRow {
  id: string;
  organization_id: string;
  /** Empty: all devices whose group has no rule. */
  device_group: string;
  offline_minutes: number | null;
  key_days: number | null;
  /** JSON list; null: all. */
  endpoint_ids: string | null;
  created_at_ms: number;
  /** Devices that went offline until then have been looked at. */
  offline_edge_ms: number;
  swept_at_ms: number;
  keys_swept_at_ms: number;
}

export interface AlertEndpointRow {
  id: string;
  organization_id: string;
  kind: 'webhook' | 'email';
  name: string;
  target: string;
  /** What the secrets are sealed with; null for e-mail. */
  server_key_id: string | null;
  secret: string | null;
  old_secret: string | null;
  old_secret_until_ms: number | null;
  created_at_ms: number;
  disabled_at_ms: number | null;
  disabled_reason: string | null;
  failing_since_ms: number | null;
  last_error: string | null;
  last_delivered_at_ms: number | null;
}

export interface AlertIncidentRow {
  id: string;
  organization_id: string;
  rule_id: string;
  device_group: string;
  condition: 'offline' | 'key_expiring';
  state: 'open' | 'resolved';
  created_at_ms: number;
  /** When the first and the last of its devices went offline, or when its first and last keys were found. */
  from_ms: number;
  to_ms: number;
  devices_joined: number;
  devices_now: number;
  /** Messages that were sent about it. */
  messages: number;
  /** Devices of which the last message told. */
  told_devices: number;
  told_at_ms: number | null;
  resolved_at_ms: number | null;
}

export interface AlertDeliveryRow {
  id: string;
  organization_id: string;
  endpoint_id: string;
  incident_id: string | null;
  kind: AlertMessageKind;
  body: string;
  state: 'waiting' | 'delivered' | 'failed';
  attempts: number;
  /** While it waits: when it may be tried, or tried again by whoever finds it left behind. */
  next_at_ms: number;
  created_at_ms: number;
  finished_at_ms: number | null;
  last_error: string | null;
}

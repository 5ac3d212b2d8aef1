import type { ClonePolicy } from '@edgeflow/contract';
import type { Generated } from 'kysely';
import type { AlertDeliveryRow, AlertEndpointRow, AlertIncidentRow, AlertRuleRow } from './alert-tables.ts';
import type { BatchTables } from './batch-tables.ts';
import type { DeviceTables } from './device-tables.ts';
import type { PeopleTables } from './people-tables.ts';

/**
 * Every table, one type for both databases. Times are integer milliseconds since 1970 (`…_ms`), flags are 0 or 1,
 * documents are JSON text: the same bytes in SQLite and PostgreSQL. Every row carries its organization.
 */
export interface Tables extends DeviceTables, PeopleTables, BatchTables {
  organizations: OrganizationRow;
  operator_tokens: OperatorTokenRow;
  provisioning_codes: CodeRow;
  devices: DeviceRow;
  credentials: CredentialRow;
  shadows: ShadowRow;
  events: EventRow;
  audit_log: AuditRow;
  server_facts: ServerFactRow;
  guesses: GuessRow;
  onboarding_hours: OnboardingHourRow;
  code_attempts: CodeAttemptRow;
  alert_rules: AlertRuleRow;
  alert_endpoints: AlertEndpointRow;
  alert_incidents: AlertIncidentRow;
  alert_deliveries: AlertDeliveryRow;
}

export interface OrganizationRow {
  id: string;
  name: string;
  /** null: no limit. */
  device_limit: number | null;
  /** Devices that are not deleted. Changed only by conditional updates in the transaction that makes or deletes one. */
  device_count: number;
  created_at_ms: number;
  /** What happens to devices that are found to share an identity. */
  clone_policy: Generated<ClonePolicy>;
  /** What a code gets that is made without saying: groups of characters, life in seconds; null: the cloud's settings. */
  code_groups: Generated<number | null>;
  code_ttl_seconds: Generated<number | null>;
}

export interface OperatorTokenRow {
  id: string;
  organization_id: string;
  name: string;
  role: 'viewer' | 'operator' | 'admin' | 'owner';
  /** SHA-256 of the token, hexadecimal. */
  token_hash: string;
  created_at_ms: number;
  expires_at_ms: number | null;
  /** Id of the person or token that made it; null: the command line. */
  created_by: string | null;
  /** Written behind, to within five minutes. */
  last_used_at_ms: number | null;
}

export interface CodeRow {
  id: string;
  organization_id: string;
  /** HMAC-SHA-256 of the bare symbols under the server key {@link server_key_id}, hexadecimal. */
  code_hash: string;
  server_key_id: string;
  group_count: number;
  state: 'active' | 'used' | 'revoked';
  name: string | null;
  batch_id: string | null;
  device_name: string | null;
  tags: string;
  device_group: string | null;
  bind_mac_address: string | null;
  bind_serial_number: string | null;
  bind_board_model: string | null;
  /** The device that this code re-provisions. */
  target_device_id: string | null;
  created_at_ms: number;
  created_by: string;
  expires_at_ms: number;
  revoked_at_ms: number | null;
  used_at_ms: number | null;
  used_address: string | null;
  used_device_id: string | null;
  used_credential_id: string | null;
  /** HMAC of the claimant's Idempotency-Key; null when it sent none. */
  claimant_hash: string | null;
  /** `expires_at` of the first answer: a repeat must give the same bytes. */
  answer_expires_at_ms: number | null;
  failed_attempts: number;
  last_failed_at_ms: number | null;
  last_failed_reason: string | null;
  /** The words that searches match, each behind a space; null when there are none. */
  search_text: string | null;
}

export type DeviceLifecycle = 'active' | 'revoked' | 'quarantined' | 'deleted';
export type StoredPresence = 'never_connected' | 'online' | 'offline' | 'reconnecting';

export interface DeviceRow {
  id: string;
  organization_id: string;
  lifecycle: DeviceLifecycle;
  name: string | null;
  tags: string;
  device_group: string | null;
  origin: 'code' | 'operator';
  code_id: string | null;
  hardware_info: string;
  network_info: string;
  agent_version: string | null;
  /** `board_model` of the hardware, to filter by. */
  board_model: string | null;
  /** Lower-case text that searches match: id, name, host name, addresses, board, serial. */
  search_text: string;
  created_at_ms: number;
  lifecycle_changed_at_ms: number;
  /** When anything last changed that may end an open tunnel: lifecycle or credentials; null for a device never touched. */
  security_changed_at_ms: number | null;
  presence: StoredPresence;
  presence_since_ms: number | null;
  /** Grows by one with every accepted connection. A write about an older connection is ignored. */
  session_epoch: number;
  last_seen_at_ms: number | null;
  last_address: string | null;
  last_close_reason: string | null;
  /** Set while a new key is to be offered over the tunnel. */
  rotation_wanted_at_ms: number | null;
  /** null until the device has answered an offer. */
  can_rotate: number | null;
  /** JSON: the processes and connections by which clones are told from reconnects; null before the first connection. */
  tunnel_history: string | null;
  /** When a connection last took the place of one that counted as open. */
  replaced_at_ms: number | null;
  clone_suspected_at_ms: number | null;
  /** JSON: what the suspicion rests on. */
  clone_evidence: string | null;
  /** The credential that a code has issued since the quarantine: its first use ends it. */
  readmit_credential_id: string | null;
}

export interface CredentialRow {
  id: string;
  organization_id: string;
  device_id: string;
  /** SHA-256 of the key, hexadecimal. */
  key_hash: string;
  /** Who asked for it: a device with a code, an operator, or a rotation over the tunnel. */
  origin: 'code' | 'operator' | 'rotation';
  /**
   * issued: given out, not yet seen to authenticate; at most one a device. active: has authenticated; at most one a
   * device. ended: never accepted again.
   */
  state: 'issued' | 'active' | 'ended';
  created_at_ms: number;
  expires_at_ms: number;
  /** From when on a successor is offered over the tunnel. */
  rotate_after_ms: number;
  authenticated_at_ms: number | null;
  ended_at_ms: number | null;
  /** The incident that told of its expiry; null: none has. */
  alert_incident_id?: string | null;
}

export interface ShadowRow {
  device_id: string;
  organization_id: string;
  version: number;
  desired: string;
  reported: string;
  desired_times: string;
  reported_times: string;
  updated_at_ms: number;
}

export interface EventRow {
  /** Numbered in the order of commits: a reader that has seen n never misses a smaller one. */
  sequence: Generated<number>;
  organization_id: string;
  at_ms: number;
  type: string;
  object_id: string;
  data: string;
}

export interface AuditRow {
  sequence: Generated<number>;
  organization_id: string;
  at_ms: number;
  actor_kind: 'operator' | 'device' | 'system' | 'anonymous';
  actor_id: string;
  action: string;
  object_kind: string | null;
  object_id: string | null;
  address: string | null;
  outcome: 'success' | 'failure';
  reason: string | null;
  request_id: string | null;
  detail: string;
  /** What an operator was called at that moment; null for anybody else. */
  actor_name: string | null;
}

export interface ServerFactRow {
  name: string;
  value: string;
}

/** What has become of the codes that were made in an hour. Changed by additions alone. */
export interface OnboardingHourRow {
  organization_id: string;
  hour_ms: number;
  made: number;
  redeemed: number;
  online: number;
}

/** The last registration that a code refused, and what the device said of itself; one row a code at most. */
export interface CodeAttemptRow {
  code_id: string;
  organization_id: string;
  at_ms: number;
  /** Code of the catalogue. */
  reason: string;
  address: string;
  mac_address: string | null;
  serial_number: string | null;
  board_model: string | null;
}

/** A distinct unknown code that somebody tried; kept for a day. Belongs to no organization. */
export interface GuessRow {
  sequence: Generated<number>;
  /** The address or network that it counts for. */
  address_key: string;
  /** 48 bits of the code's hash under the server key. */
  tag: number;
  at_ms: number;
}

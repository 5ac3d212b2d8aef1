import type { AlertDelivery, AlertEndpoint, AlertIncident, AlertRule } from '@edgeflow/contract';
import { toRfc3339 } from '@edgeflow/platform';
import type {
  AlertDeliveryRow,
  AlertEndpointRow,
  AlertIncidentRow,
  AlertRuleRow,
} from '../../storage/alert-tables.ts';

export function viewRule(row: AlertRuleRow): AlertRule {
  return {
    id: row.id,
    group: row.device_group === '' ? null : row.device_group,
    offline_minutes: row.offline_minutes,
    key_days: row.key_days,
    endpoint_ids: row.endpoint_ids === null ? null : (JSON.parse(row.endpoint_ids) as string[]),
    created_at: toRfc3339(row.created_at_ms),
  };
}

/** Everything but the secrets. */
export function viewEndpoint(row: AlertEndpointRow, nowMs: number): AlertEndpoint {
  const { old_secret_until_ms: untilMs } = row;
  return {
    id: row.id,
    kind: row.kind,
    name: row.name,
    target: row.target,
    created_at: toRfc3339(row.created_at_ms),
    disabled_at: timeOrNull(row.disabled_at_ms),
    disabled_reason: row.disabled_reason,
    failing_since: timeOrNull(row.failing_since_ms),
    last_error: row.last_error,
    last_delivered_at: timeOrNull(row.last_delivered_at_ms),
    old_secret_until: untilMs === null || untilMs <= nowMs ? null : toRfc3339(untilMs),
  };
}

export function viewIncident(row: AlertIncidentRow): AlertIncident {
  return {
    id: row.id,
    rule_id: row.rule_id,
    group: row.device_group === '' ? null : row.device_group,
    condition: row.condition,
    state: row.state,
    opened_at: toRfc3339(row.created_at_ms),
    resolved_at: timeOrNull(row.resolved_at_ms),
    devices_joined: row.devices_joined,
    devices_now: row.devices_now,
    messages: row.messages,
  };
}

export function viewDelivery(row: AlertDeliveryRow): AlertDelivery {
  return {
    id: row.id,
    endpoint_id: row.endpoint_id,
    incident_id: row.incident_id,
    kind: row.kind,
    state: row.state,
    attempts: row.attempts,
    created_at: toRfc3339(row.created_at_ms),
    next_at: row.state === 'waiting' ? toRfc3339(row.next_at_ms) : null,
    finished_at: timeOrNull(row.finished_at_ms),
    last_error: row.last_error,
  };
}

function timeOrNull(epochMs: number | null): string | null {
  return epochMs === null ? null : toRfc3339(epochMs);
}

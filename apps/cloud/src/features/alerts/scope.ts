import { type RawBuilder, sql } from 'kysely';
import type { AlertRuleRow } from '../../storage/alert-tables.ts';

/** The devices of a rule: those of its group, or those whose group has no rule. `d` is the table of devices. */
export function inScope({
  device_group: group,
  organization_id: organizationId,
}: Pick<AlertRuleRow, 'device_group' | 'organization_id'>): RawBuilder<boolean> {
  if (group !== '') return sql<boolean>`d.device_group = ${group}`;
  return sql<boolean>`(d.device_group is null or d.device_group not in
    (select device_group from alert_rules where organization_id = ${organizationId}))`;
}

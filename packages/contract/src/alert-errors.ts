import { entry } from './error-entry.ts';

/** What there is to say about alert rules and where they are delivered. */
export const alertErrors = {
  alert_rule_not_found: entry(
    404,
    'There is no such alert rule',
    'List the rules with GET /api/v1/alert-rules.',
  ),
  alert_endpoint_not_found: entry(
    404,
    'There is no such alert endpoint',
    'List the endpoints with GET /api/v1/alert-endpoints.',
  ),
  alert_delivery_not_found: entry(
    404,
    'There is no such delivery',
    'List the deliveries with GET /api/v1/alert-deliveries.',
  ),
  alert_rule_exists: entry(
    409,
    'This group has an alert rule already',
    'Change that rule; a group has one, and all devices without one share another.',
  ),
  alert_limit_reached: entry(
    409,
    'There are as many alert rules or endpoints as there may be',
    'Delete those that are not needed any more.',
  ),
  alert_endpoint_disabled: entry(
    409,
    'This alert endpoint is switched off',
    'Mend its cause, which it shows, then switch it on again.',
  ),
  alert_address_refused: entry(
    400,
    'Alerts are not delivered to this address',
    'Use an https:// address on the public internet, or let whoever runs the cloud name its network in WEBHOOK_NETWORKS.',
  ),
  mail_not_configured: entry(
    409,
    'This cloud sends no e-mail',
    'Let whoever runs the cloud configure SMTP, or use a webhook.',
  ),
} as const;

import type { OperationName } from '@edgeflow/contract';

/** A body that would do, for every operation that takes one. */
export const validBodies: Partial<Record<OperationName, unknown>> = {
  provisionDevice: { provisioning_code: 'PROV-0000-0000' },
  createCodes: {},
  createDevice: {},
  updateDevice: { name: 'pump' },
  rotateKey: {},
  extendKey: { days: 1 },
  sendCommand: { action: 'health_check' },
  updateOrganization: { clone_policy: 'keep_newest' },
  updateShadow: { desired: {} },
  updateCode: { bind: null },
  createAlertRule: { offline_minutes: 5 },
  updateAlertRule: { offline_minutes: 6 },
  // Nothing is sent to a name that cannot be: RFC 2606.
  createAlertEndpoint: { kind: 'webhook', name: 'on call', target: 'https://alerts.invalid/' },
  updateAlertEndpoint: { name: 'on call' },
};

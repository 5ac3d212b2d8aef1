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
};

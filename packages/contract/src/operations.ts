import type { Operation } from './operations/operation.ts';
import { bulkOperations } from './operations/bulk.ts';
import { alertsOperations } from './operations/alerts.ts';
import { batchesOperations } from './operations/batches.ts';
import { codesOperations } from './operations/codes.ts';
import { deviceFactsOperations } from './operations/device-facts.ts';
import { devicesOperations } from './operations/devices.ts';
import { enrolmentOperations } from './operations/enrolment.ts';
import { organizationOperations } from './operations/organization.ts';
import { overviewOperations } from './operations/overview.ts';
import { peopleOperations } from './operations/people.ts';
import { provisioningOperations } from './operations/provisioning.ts';
import { recordsOperations } from './operations/records.ts';

export { peopleOperations } from './operations/people.ts';
export type { Access, Operation } from './operations/operation.ts';

/** Every call of the cloud's HTTP API: one file a capability, in operations/. */
export const operations = {
  ...provisioningOperations,
  ...codesOperations,
  ...enrolmentOperations,
  ...batchesOperations,
  ...devicesOperations,
  ...deviceFactsOperations,
  ...bulkOperations,
  ...organizationOperations,
  ...recordsOperations,
  ...overviewOperations,
  ...alertsOperations,
  ...peopleOperations,
} as const satisfies Record<string, Operation>;

export type Operations = typeof operations;
export type OperationName = keyof Operations;

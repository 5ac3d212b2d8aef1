import * as bulk from '../schemas/bulk.ts';
import * as devices from '../schemas/devices.ts';
import type { Operation } from './operation.ts';

export const bulkOperations = {
  changeDevices: {
    method: 'POST',
    path: '/api/v1/devices/bulk',
    summary: 'Tag, group, rotate, revoke or delete many devices, by their ids or by a filter',
    description: `The devices are settled when the call is made. They are changed in parts, each in a transaction of its \
own with an audit row for every device; whatever happens to the service, the rest follows. The answer tells how far it \
is; GET /api/v1/devices/bulk/{id} tells more. With an \`Idempotency-Key\` a repeat is answered with how far the same change \
is, and changes nothing.`,
    access: 'operator',
    body: bulk.changeDevicesRequestSchema,
    answers: { 202: bulk.deviceBulkSchema },
    errors: ['count_changed', 'idempotency_key_reused', 'request_malformed', 'unavailable'],
  },
  readBulk: {
    method: 'GET',
    path: '/api/v1/devices/bulk/:id',
    summary: 'How far a change to many devices is',
    access: 'viewer',
    answers: { 200: bulk.deviceBulkSchema },
    errors: ['bulk_not_found'],
  },
  exportDevices: {
    method: 'GET',
    path: '/api/v1/devices/export',
    summary: 'Devices by filter as CSV (RFC 4180), newest first',
    description: `Texts that a spreadsheet would take for a formula begin with an apostrophe. An export that fails on \
its way ends without its last chunk.`,
    access: 'viewer',
    query: devices.exportDevicesQuerySchema,
    answers: { 200: 'text/csv' },
    errors: ['unavailable'],
  },
} as const satisfies Record<string, Operation>;

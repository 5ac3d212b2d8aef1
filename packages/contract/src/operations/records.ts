import { eventStreamsMax, eventStreamsPerOrganizationMax } from '../limits.ts';
import * as records from '../schemas/records.ts';
import type { Operation } from './operation.ts';

export const recordsOperations = {
  streamEvents: {
    method: 'GET',
    path: '/api/v1/events',
    summary: 'Server-sent events; Last-Event-ID resumes',
    description: `An organization may have ${String(eventStreamsPerOrganizationMax)} streams open at one moment on \
each node of the cloud, and all organizations together ${String(eventStreamsMax)}; one more is answered \`unavailable\`, \
and can be opened once another has ended. A program that shows events to many people opens one stream for all of them.`,
    access: 'viewer',
    answers: { 200: 'text/event-stream' },
    errors: ['request_malformed', 'unavailable'],
  },
  listAudit: {
    method: 'GET',
    path: '/api/v1/audit-log',
    summary: 'Who did what to what, from where, with what outcome; newest first',
    access: 'viewer',
    query: records.listAuditQuerySchema,
    answers: { 200: records.listAuditResponseSchema },
    errors: [],
  },
  exportAudit: {
    method: 'GET',
    path: '/api/v1/audit-log/csv',
    summary: 'The audit log as CSV, newest first, with the filters of the list',
    description:
      'RFC 4180, UTF-8. A cell that a spreadsheet would take for a formula begins with an apostrophe. The file is \
written while it is read, and ends early only with its connection.',
    access: 'viewer',
    query: records.exportAuditQuerySchema,
    answers: { 200: 'text/csv' },
    errors: [],
  },
} as const satisfies Record<string, Operation>;

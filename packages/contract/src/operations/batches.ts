import { batchBodyBytesMax } from '../limits.ts';
import * as batches from '../schemas/batches.ts';
import type { Operation } from './operation.ts';

export const batchesOperations = {
  createBatch: {
    method: 'POST',
    path: '/api/v1/batches',
    summary: 'Make a batch of 1 to 10,000 codes, by count or from a table of devices',
    description:
      'Answered at once; the codes are made afterwards, also across restarts of the cloud. With an `Idempotency-Key` a \
repeat is answered with the same batch, and makes nothing. Without `only_good_rows` a wrong row makes nothing at all: \
`errors[]` names the first ones by their lines.',
    access: 'operator',
    bodyBytesMax: batchBodyBytesMax,
    body: batches.createBatchRequestSchema,
    answers: { 201: batches.createBatchResponseSchema },
    errors: ['batch_rows_wrong', 'idempotency_key_reused', 'request_malformed'],
  },
  checkBatch: {
    method: 'POST',
    path: '/api/v1/batches/check',
    summary: 'Read what a batch would be made of, line by line, and make nothing',
    access: 'operator',
    bodyBytesMax: batchBodyBytesMax,
    body: batches.createBatchRequestSchema,
    answers: { 200: batches.batchCheckSchema },
    errors: [],
  },
  listBatches: {
    method: 'GET',
    path: '/api/v1/batches',
    summary: 'List batches, newest first',
    description: 'Counted once for all who look: what devices do is seen a second late at most.',
    access: 'viewer',
    query: batches.listBatchesQuerySchema,
    answers: { 200: batches.listBatchesResponseSchema },
    errors: [],
  },
  readBatch: {
    method: 'GET',
    path: '/api/v1/batches/:id',
    summary: 'One batch: how far it is made, and how many of its devices are online',
    description: 'Counted once for all who look: what devices do is seen a second late at most.',
    access: 'viewer',
    answers: { 200: batches.batchDetailSchema },
    errors: ['batch_not_found'],
  },
  listBatchRows: {
    method: 'GET',
    path: '/api/v1/batches/:id/rows',
    summary: 'The report of a batch, row by row: code, device, failed attempts',
    description: 'Counted once for all who look: what devices do is seen a second late at most.',
    access: 'viewer',
    query: batches.listBatchRowsQuerySchema,
    answers: { 200: batches.listBatchRowsResponseSchema },
    errors: ['batch_not_found'],
  },
  exportBatchCsv: {
    method: 'GET',
    path: '/api/v1/batches/:id/csv',
    summary: 'The codes of a batch with their links as CSV, while their texts are kept',
    access: 'operator',
    answers: { 200: 'text/csv' },
    errors: ['batch_not_found', 'batch_not_ready', 'batch_texts_wiped'],
  },
  exportBatchLabels: {
    method: 'GET',
    path: '/api/v1/batches/:id/labels',
    summary:
      'Sheets of labels (PDF): QR of the provisioning link, code, name; of codes that could be used now',
    description:
      'A4: 21 labels of 63.5 × 38.1 mm a sheet. Letter: 30 labels of 2 5/8 × 1 inch. Print at 100 %, without scaling.',
    access: 'operator',
    query: batches.labelsQuerySchema,
    answers: { 200: 'application/pdf' },
    errors: ['batch_not_found', 'batch_not_ready', 'batch_texts_wiped'],
  },
  exportBatchEnvFiles: {
    method: 'GET',
    path: '/api/v1/batches/:id/env-files',
    summary: 'A zip with one .env file a device, of codes that could be used now',
    access: 'operator',
    answers: { 200: 'application/zip' },
    errors: ['batch_not_found', 'batch_not_ready', 'batch_texts_wiped'],
  },
  confirmBatchSaved: {
    method: 'POST',
    path: '/api/v1/batches/:id/saved',
    summary: 'Say that the codes are saved: their texts are wiped for good',
    access: 'operator',
    answers: { 200: batches.batchSchema },
    errors: ['batch_not_found', 'batch_not_ready'],
  },
  replaceUnused: {
    method: 'POST',
    path: '/api/v1/batches/:id/replace-unused',
    summary: 'Revoke the unused codes of a batch and issue their rows anew',
    description:
      'Answered at once and done afterwards, some rows at a time: at every moment a row has its old code or its new one.',
    access: 'operator',
    body: batches.replaceUnusedRequestSchema,
    answers: { 202: batches.batchSchema },
    errors: ['batch_not_found', 'batch_not_ready', 'batch_revoked', 'version_conflict'],
  },
  revokeBatch: {
    method: 'POST',
    path: '/api/v1/batches/:id/revoke',
    summary: 'Revoke the unused codes of a batch; devices that are enrolled stay as they are',
    access: 'operator',
    answers: { 200: batches.batchSchema },
    errors: ['batch_not_found'],
  },
} as const satisfies Record<string, Operation>;

import * as codes from '../schemas/codes.ts';
import type { Operation } from './operation.ts';

export const codesOperations = {
  createCodes: {
    method: 'POST',
    path: '/api/v1/provisioning-codes',
    summary: 'Make one or up to 10,000 provisioning codes',
    access: 'operator',
    body: codes.createCodesRequestSchema,
    answers: { 201: codes.createCodesResponseSchema },
    errors: ['device_not_found', 'target_unavailable'],
  },
  listCodes: {
    method: 'GET',
    path: '/api/v1/provisioning-codes',
    summary: 'List provisioning codes, newest first',
    access: 'viewer',
    query: codes.listCodesQuerySchema,
    answers: { 200: codes.listCodesResponseSchema },
    errors: [],
  },
  readCode: {
    method: 'GET',
    path: '/api/v1/provisioning-codes/:id',
    summary: 'One provisioning code, without its text',
    access: 'viewer',
    answers: { 200: codes.codeSchema },
    errors: ['code_not_found'],
  },
  revokeCode: {
    method: 'DELETE',
    path: '/api/v1/provisioning-codes/:id',
    summary: 'Revoke a provisioning code that has not been used',
    access: 'operator',
    answers: { 200: codes.codeSchema },
    errors: ['code_not_found', 'code_not_revocable'],
  },
} as const satisfies Record<string, Operation>;

import * as organization from '../schemas/organization.ts';
import type { Operation } from './operation.ts';

export const organizationOperations = {
  readOrganization: {
    method: 'GET',
    path: '/api/v1/organization',
    summary: 'The organization of the caller, with its policies',
    access: 'viewer',
    answers: { 200: organization.organizationSchema },
    errors: [],
  },
  updateOrganization: {
    method: 'PUT',
    path: '/api/v1/organization',
    summary:
      'Change the name, the policy on clones or the defaults of codes; members left out stay as they are',
    access: 'admin',
    body: organization.updateOrganizationRequestSchema,
    answers: { 200: organization.organizationSchema },
    errors: [],
  },
} as const satisfies Record<string, Operation>;

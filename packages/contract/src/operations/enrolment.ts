import * as enrolment from '../schemas/enrolment.ts';
import { codeSchema } from '../schemas/codes.ts';
import type { Operation } from './operation.ts';

export const enrolmentOperations = {
  readEnrolment: {
    method: 'GET',
    path: '/api/v1/enrolment',
    summary: 'What a device has to know of this cloud: its address and the pins of its certificate',
    access: 'viewer',
    answers: { 200: enrolment.enrolmentSchema },
    errors: [],
  },
  readOnboarding: {
    method: 'GET',
    path: '/api/v1/provisioning-codes/:id/onboarding',
    summary: 'How far a code has come: its last refused attempt, its device, and the first use of its key',
    access: 'viewer',
    answers: { 200: enrolment.onboardingSchema },
    errors: ['code_not_found'],
  },
  updateCode: {
    method: 'PUT',
    path: '/api/v1/provisioning-codes/:id',
    summary: 'Bind an active code to other hardware, or to none',
    access: 'operator',
    body: enrolment.updateCodeRequestSchema,
    answers: { 200: codeSchema },
    errors: ['code_not_found', 'code_not_active'],
  },
} as const satisfies Record<string, Operation>;

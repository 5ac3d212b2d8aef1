import * as overview from '../schemas/overview.ts';
import type { Operation } from './operation.ts';

export const overviewOperations = {
  readOverview: {
    method: 'GET',
    path: '/api/v1/overview',
    summary: 'The fleet at a glance: status, onboarding, failures, keys, clones and versions',
    description:
      'Counted at most once a second, however many ask; large fleets less often. Attempts with unknown codes belong \
to nobody and are not counted.',
    access: 'viewer',
    query: overview.overviewQuerySchema,
    answers: { 200: overview.overviewSchema },
    errors: [],
  },
} as const satisfies Record<string, Operation>;

import { type Operation, healthSchema } from '@edgeflow/contract';
import { z } from 'zod';

/** What the service says about itself, outside `/api/v1`. */
export const serviceOperations = {
  readHealth: {
    method: 'GET',
    path: '/healthz',
    summary: 'Whether the process works; one that does not wants a restart',
    access: 'public',
    answers: { 200: healthSchema, 503: healthSchema },
    errors: [],
  },
  readReadiness: {
    method: 'GET',
    path: '/readyz',
    summary: 'Whether the process takes requests now',
    access: 'public',
    answers: { 200: healthSchema, 503: healthSchema },
    errors: [],
  },
  readMetrics: {
    method: 'GET',
    path: '/metrics',
    summary: 'Prometheus metrics; needs an operator’s credential unless the caller is on the same machine',
    access: 'public',
    answers: { 200: 'text/plain; version=0.0.4; charset=utf-8' },
    errors: ['token_rejected'],
  },
  readDevelopmentCa: {
    method: 'GET',
    path: '/ca.pem',
    summary: 'The certificate of the development CA that this cloud made for itself',
    access: 'public',
    answers: { 200: 'application/x-pem-file' },
    errors: ['route_unknown'],
  },
  readOpenApi: {
    method: 'GET',
    path: '/api/v1/openapi.json',
    summary: 'This document',
    access: 'public',
    answers: { 200: z.record(z.string(), z.unknown()) },
    errors: [],
  },
} as const satisfies Record<string, Operation>;

import * as facts from '../schemas/device-facts.ts';
import type { Operation } from './operation.ts';

const device = '/api/v1/devices/:id';

export const deviceFactsOperations = {
  readDeviceNotes: {
    method: 'GET',
    path: `${device}/notes`,
    summary: 'What people have noted about a device, and where it is',
    access: 'viewer',
    answers: { 200: facts.deviceNotesSchema },
    errors: ['device_not_found'],
  },
  updateDeviceNotes: {
    method: 'PUT',
    path: `${device}/notes`,
    summary: 'Change notes or location; members left out stay as they are',
    access: 'operator',
    body: facts.updateDeviceNotesRequestSchema,
    answers: { 200: facts.deviceNotesSchema },
    errors: ['device_not_found'],
  },
  listConnections: {
    method: 'GET',
    path: `${device}/connections`,
    summary: 'When a device was connected, newest first: its last 500 connections within 90 days',
    access: 'viewer',
    query: facts.listConnectionsQuerySchema,
    answers: { 200: facts.listConnectionsResponseSchema },
    errors: ['device_not_found'],
  },
  readTimeline: {
    method: 'GET',
    path: `${device}/timeline`,
    summary: 'Everything that happened to a device, newest first',
    description: `The audit log of the device and of the code that made it, and its connections, as one. What a device \
reports of itself by its shadow is not in it.`,
    access: 'viewer',
    query: facts.readTimelineQuerySchema,
    answers: { 200: facts.readTimelineResponseSchema },
    errors: ['device_not_found'],
  },
} as const satisfies Record<string, Operation>;

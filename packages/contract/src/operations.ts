import type * as z from 'zod';
import type { ErrorCode } from './errors.ts';
import { eventStreamsMax, eventStreamsPerOrganizationMax } from './limits.ts';
import * as codes from './schemas/codes.ts';
import * as commands from './schemas/commands.ts';
import * as devices from './schemas/devices.ts';
import * as organization from './schemas/organization.ts';
import * as provision from './schemas/provision.ts';
import * as records from './schemas/records.ts';
import * as shadow from './schemas/shadow.ts';

/** Who may call: the least role of an operator, or the key of the device that the address names. */
export type Access =
  'public' | 'device_or_viewer' | 'device_or_operator' | 'viewer' | 'operator' | 'admin' | 'owner';

/** One call of the cloud's HTTP API. Types, checks and OpenAPI all come from these. */
export interface Operation {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Fastify's form: `/api/v1/devices/:id`. */
  readonly path: string;
  readonly summary: string;
  /** What a caller has to know beyond it, in whole sentences. */
  readonly description?: string;
  readonly access: Access;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  /** Answer by status; null: no body. A string names a media type other than JSON. */
  readonly answers: Readonly<Record<number, z.ZodType | string | null>>;
  readonly errors: readonly ErrorCode[];
}

const device = '/api/v1/devices/:id';

/** What a device's own key may be answered with. */
const deviceRefusals = [
  'key_rejected',
  'key_expired',
  'device_revoked',
  'device_quarantined',
  'device_deleted',
] as const satisfies readonly ErrorCode[];

export const operations = {
  provisionDevice: {
    method: 'POST',
    path: '/api/v1/devices/provision',
    summary: 'Redeem a provisioning code for a device id and an API key',
    access: 'public',
    body: provision.provisionRequestSchema,
    answers: { 201: provision.provisionResponseSchema },
    errors: [
      'code_unknown',
      'code_already_used',
      'code_revoked',
      'code_expired',
      'claim_completed',
      'claim_void',
      'device_revoked',
      'binding_mismatch',
      'target_unavailable',
      'device_limit_reached',
      'too_many_attempts',
      'unavailable',
    ],
  },
  readTime: {
    method: 'GET',
    path: '/api/v1/time',
    summary: 'The time of the cloud',
    access: 'public',
    answers: { 200: provision.timeResponseSchema },
    errors: [],
  },
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
  createDevice: {
    method: 'POST',
    path: '/api/v1/devices',
    summary: 'Make a device id and an API key beforehand',
    access: 'operator',
    body: devices.createDeviceRequestSchema,
    answers: { 201: provision.provisionResponseSchema },
    errors: ['device_limit_reached'],
  },
  listDevices: {
    method: 'GET',
    path: '/api/v1/devices',
    summary: 'List devices, newest first',
    access: 'viewer',
    query: devices.listDevicesQuerySchema,
    answers: { 200: devices.listDevicesResponseSchema },
    errors: [],
  },
  readDevice: {
    method: 'GET',
    path: device,
    summary: 'One device',
    access: 'viewer',
    answers: { 200: devices.deviceSchema },
    errors: ['device_not_found'],
  },
  updateDevice: {
    method: 'PUT',
    path: device,
    summary: 'Change name, tags or group; members left out stay as they are',
    access: 'operator',
    body: devices.updateDeviceRequestSchema,
    answers: { 200: devices.deviceSchema },
    errors: ['device_not_found'],
  },
  deleteDevice: {
    method: 'DELETE',
    path: device,
    summary: 'Delete a device; its key stops working within a second',
    access: 'operator',
    answers: { 204: null },
    errors: ['device_not_found'],
  },
  readDeviceStatus: {
    method: 'GET',
    path: `${device}/status`,
    summary: 'Whether a device is connected now',
    access: 'viewer',
    answers: { 200: devices.devicePresenceSchema },
    errors: ['device_not_found'],
  },
  rotateKey: {
    method: 'POST',
    path: `${device}/rotate-key`,
    summary: 'Offer a new key over the tunnel (202), or replace the key now (200, the key shown once)',
    access: 'operator',
    body: devices.rotateKeyRequestSchema,
    answers: { 200: provision.provisionResponseSchema, 202: devices.rotateKeyOfferedSchema },
    errors: ['device_not_found', 'device_state_conflict', 'rotation_suspended'],
  },
  extendKey: {
    method: 'POST',
    path: `${device}/extend-key`,
    summary: 'Move the expiry of the key by days',
    access: 'operator',
    body: devices.extendKeyRequestSchema,
    answers: { 200: devices.extendKeyResponseSchema },
    errors: ['device_not_found', 'device_state_conflict'],
  },
  revokeDevice: {
    method: 'POST',
    path: `${device}/revoke`,
    summary: 'Refuse the device until it is restored; its open tunnel closes within a second',
    access: 'operator',
    answers: { 200: devices.deviceSchema },
    errors: ['device_not_found'],
  },
  restoreDevice: {
    method: 'POST',
    path: `${device}/restore`,
    summary: 'Undo a revocation or quarantine, or dismiss a suspicion of clones: the same key works again',
    access: 'operator',
    answers: { 200: devices.deviceSchema },
    errors: ['device_not_found'],
  },
  quarantineDevice: {
    method: 'POST',
    path: `${device}/quarantine`,
    summary:
      'Refuse the device until an operator restores it or it gets a new key; its tunnel closes within a second',
    access: 'operator',
    answers: { 200: devices.deviceSchema },
    errors: ['device_not_found', 'device_state_conflict'],
  },
  sendCommand: {
    method: 'POST',
    path: `${device}/commands`,
    summary: 'Send a command through the tunnel and wait for the answer',
    access: 'operator',
    body: commands.commandRequestSchema,
    answers: { 200: commands.commandResponseSchema },
    errors: ['device_not_found', 'device_offline', 'command_timeout', 'command_reserved', 'command_refused'],
  },
  readShadow: {
    method: 'GET',
    path: `${device}/shadow`,
    summary: 'The device shadow; a device reads its own',
    access: 'device_or_viewer',
    answers: { 200: shadow.shadowSchema },
    errors: [...deviceRefusals, 'device_mismatch', 'device_not_found'],
  },
  updateShadow: {
    method: 'PUT',
    path: `${device}/shadow`,
    summary: 'Merge into the shadow: a device its reported half, an operator the desired one',
    access: 'device_or_operator',
    body: shadow.shadowUpdateSchema,
    answers: { 200: shadow.shadowSchema },
    errors: [...deviceRefusals, 'device_mismatch', 'device_not_found', 'forbidden', 'version_conflict'],
  },
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
    summary: 'Change the name or the policy on clones; members left out stay as they are',
    access: 'admin',
    body: organization.updateOrganizationRequestSchema,
    answers: { 200: organization.organizationSchema },
    errors: [],
  },
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
} as const satisfies Record<string, Operation>;

export type Operations = typeof operations;
export type OperationName = keyof Operations;

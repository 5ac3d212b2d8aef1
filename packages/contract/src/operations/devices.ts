import type { ErrorCode } from '../errors.ts';
import * as commands from '../schemas/commands.ts';
import * as devices from '../schemas/devices.ts';
import * as provision from '../schemas/provision.ts';
import * as shadow from '../schemas/shadow.ts';
import type { Operation } from './operation.ts';

const device = '/api/v1/devices/:id';

/** What a device's own key may be answered with. */
const deviceRefusals = [
  'key_rejected',
  'key_expired',
  'device_revoked',
  'device_quarantined',
  'device_deleted',
] as const satisfies readonly ErrorCode[];

export const devicesOperations = {
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
    summary: 'List devices by filter, newest first or in another order',
    access: 'viewer',
    query: devices.listDevicesQuerySchema,
    answers: { 200: devices.listDevicesResponseSchema },
    errors: ['unavailable'],
  },
  readDeviceFacets: {
    method: 'GET',
    path: '/api/v1/devices/facets',
    summary: 'The values by which devices can be narrowed down, with how many have them',
    access: 'viewer',
    answers: { 200: devices.deviceFacetsSchema },
    errors: ['unavailable'],
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
} as const satisfies Record<string, Operation>;

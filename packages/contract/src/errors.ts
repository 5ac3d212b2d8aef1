import { bulkErrors } from './bulk-errors.ts';
import { alertErrors } from './alert-errors.ts';
import { batchErrors } from './batch-errors.ts';
import { cloneErrors } from './clone-errors.ts';
import { enrolmentErrors } from './enrolment-errors.ts';
import { entry, type ErrorEntry } from './error-entry.ts';
import { network } from './network-errors.ts';
import { peopleErrors } from './people-errors.ts';

export type { ErrorEntry } from './error-entry.ts';

const provisioning = {
  code_unknown: entry(
    401,
    'This provisioning code is not known',
    'Compare the code with the dashboard, character by character, or make a new one under Devices → Add Device.',
  ),
  code_already_used: entry(
    409,
    'This provisioning code has already been used',
    'Each code makes one device. Make a new code under Devices → Add Device.',
  ),
  code_revoked: entry(
    410,
    'This provisioning code was revoked',
    'Ask whoever revoked it why, then make a new code under Devices → Add Device.',
  ),
  code_expired: entry(
    410,
    'This provisioning code has expired',
    'Make a new code under Devices → Add Device; let it live longer where devices are installed late.',
  ),
  claim_completed: entry(
    409,
    'This registration is complete and its key is in use',
    'The device already has its key. If it was lost, make a new code for the same device.',
  ),
  claim_void: entry(
    409,
    'This registration no longer stands: its device was deleted or its key replaced',
    'Make a new code under Devices → Add Device.',
  ),
  binding_mismatch: entry(
    403,
    'This provisioning code is bound to other hardware',
    'Use the code on the device it was made for, or change its binding. The code is not used up.',
  ),
  target_unavailable: entry(
    403,
    'The device that this code would re-provision is deleted or revoked',
    'Restore that device, or make a code for a new device. The code is not used up.',
  ),
  device_limit_reached: entry(
    403,
    'The organization has reached its number of devices',
    'Delete devices that are gone, or raise the limit. The code is not used up.',
  ),
} as const;

const requests = {
  request_malformed: entry(
    400,
    'The request is not in the form expected',
    'Correct the fields named in errors[].',
  ),
  body_too_large: entry(413, 'The request body is too large', 'Send a smaller body.'),
  media_type_unsupported: entry(
    415,
    'The media type is not supported',
    'Send JSON with Content-Type: application/json.',
  ),
  route_unknown: entry(404, 'There is nothing at this address', 'See /docs for every call.'),
  method_not_allowed: entry(405, 'This address does not take this method', 'See /docs for every call.'),
  too_many_attempts: entry(
    429,
    'Too many unknown codes, keys or tokens came from this address',
    'Wait as long as Retry-After says, and check what the devices behind this address send.',
    true,
  ),
  unavailable: entry(
    503,
    'The service cannot answer right now; the outcome may be unknown',
    'Try again after Retry-After seconds. With the same Idempotency-Key nothing is lost or doubled.',
    true,
  ),
  internal: entry(
    500,
    'The service failed',
    'Report the request_id to whoever runs the service. With the same Idempotency-Key a retry is safe.',
  ),
} as const;

const access = {
  key_rejected: entry(
    401,
    'This device id and API key are not known together',
    'Check EDGEFLOW_DEVICE_ID and EDGEFLOW_API_KEY; if the key is lost, make a new code for the same device.',
  ),
  key_expired: entry(
    403,
    'The API key of this device has expired; it may only rotate it',
    'Let the device rotate its key over the tunnel, extend the key, or make a new code for the same device.',
  ),
  device_revoked: entry(
    403,
    'This device was revoked by an operator',
    'Restore the device in the dashboard; a new code for it works only then.',
  ),
  device_quarantined: entry(
    403,
    'This device is in quarantine until an operator decides',
    'Look at the device in the dashboard: restore it, or make a new code for the same device.',
  ),
  device_deleted: entry(
    403,
    'This device was deleted by an operator',
    'Make a new code under Devices → Add Device.',
  ),
  device_mismatch: entry(
    403,
    'This key does not belong to the device named in the address',
    'Use the id that was issued together with the key.',
  ),
  token_rejected: entry(
    401,
    'An operator credential is missing, unknown or expired',
    'Send X-API-Key: or Authorization: Bearer with a valid operator token.',
  ),
  forbidden: entry(
    403,
    'This credential does not allow this call',
    'Ask an owner of the organization for a role that does.',
  ),
} as const;

const resources = {
  device_not_found: entry(404, 'There is no such device', 'List the devices with GET /api/v1/devices.'),
  code_not_found: entry(
    404,
    'There is no such provisioning code',
    'List the codes with GET /api/v1/provisioning-codes. Codes are named by their pc_… id.',
  ),
  code_not_revocable: entry(
    409,
    'A used provisioning code cannot be revoked',
    'Revoke the device that it made instead.',
  ),
  device_state_conflict: entry(
    409,
    'The device is in a state that does not allow this',
    'Look at the device and try again.',
  ),
  version_conflict: entry(
    409,
    'The shadow has changed since the version you named',
    'Read the shadow again, merge, and write with its version.',
  ),
  device_offline: entry(
    409,
    'The device is not connected',
    'Try again when GET /api/v1/devices/{id}/status says online.',
    false,
  ),
  command_refused: entry(
    409,
    'The device takes no commands now',
    'Only rotate_key reaches a device whose key has expired; rotate or extend its key first.',
  ),
  command_reserved: entry(
    400,
    'This action is reserved for the service itself',
    'Use POST /api/v1/devices/{id}/rotate-key to rotate a key.',
  ),
  command_timeout: entry(
    504,
    'The device did not answer in time',
    'Raise timeout_ms, or look at the device: it may be busy or its connection may just have broken.',
  ),
  not_ready: entry(503, 'The service is starting or stopping', 'Try again in a few seconds.', true),
} as const;

const local = {
  already_provisioned: entry(
    409,
    'This device already has an identity',
    'Send "force": true to replace it; the old one is kept until the new one works.',
  ),
  provisioning_in_progress: entry(
    409,
    'A registration is already under way',
    'Wait for it: GET /api/v1/saas/status shows its state.',
  ),
  host_rejected: entry(
    403,
    'The Host or Origin of this request is not the device itself',
    'Call the device by 127.0.0.1, localhost or its own name.',
  ),
  local_token_required: entry(
    403,
    'This change needs the token of this device',
    'Send X-EdgeFlow-Token with the content of the file local-token in the state folder.',
  ),
  not_provisioned: entry(
    409,
    'This device has no identity yet',
    'Set EDGEFLOW_PROVISIONING_CODE, or POST a code to /api/v1/saas/provision.',
  ),
  saas_disabled: entry(
    409,
    'The connection to the cloud is switched off',
    'Set EDGEFLOW_SAAS_ENABLED=true, or PUT {"enabled": true} to /api/v1/saas/config.',
  ),
} as const;

const device = {
  code_missing: entry(
    0,
    'There is no provisioning code and no identity',
    'Make a code under Devices → Add Device and set EDGEFLOW_PROVISIONING_CODE.',
  ),
  code_ignored: entry(
    0,
    'A different provisioning code is configured, but this device already has a working identity',
    'Remove EDGEFLOW_PROVISIONING_CODE, or replace the identity with "force": true.',
  ),
  settings_invalid: entry(
    0,
    'A setting is wrong',
    'Correct the setting named in the message, then start again.',
  ),
  state_folder_unusable: entry(
    0,
    'The state folder cannot be written; no code was sent',
    'Make EDGEFLOW_STATE_DIR writable for this user, with free space, then start again.',
  ),
  vault_unreadable: entry(
    0,
    'The stored identity cannot be opened',
    'See the message for the cause; nothing was deleted.',
  ),
  answer_malformed: entry(
    0,
    'The cloud answered in a form that cannot be read',
    'Check the versions of both.',
    true,
  ),
  tunnel_silent: entry(0, 'The cloud stopped answering heartbeats', 'Nothing; the device reconnects.', true),
  tunnel_closed: entry(0, 'The tunnel closed', 'Nothing; the device reconnects.', true),
} as const;

/**
 * The one catalogue of errors. `code` is stable and is what programs branch on; `title` and `nextStep` are for
 * people. Statuses of 0 belong to errors that never travel over HTTP (they appear in a device's `last_error`).
 */
export const errorCatalogue = {
  ...provisioning,
  ...requests,
  ...access,
  ...resources,
  ...local,
  ...device,
  ...cloneErrors,
  ...bulkErrors,
  ...enrolmentErrors,
  ...alertErrors,
  ...peopleErrors,
  ...batchErrors,
  ...network,
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof errorCatalogue;

export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(errorCatalogue, text);
}

/** The catalogue's entry, with the type widened so that every code is read alike. */
export function errorEntry(code: ErrorCode): ErrorEntry {
  return errorCatalogue[code];
}

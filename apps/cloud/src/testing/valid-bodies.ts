import { type Operation, type OperationName, operations } from '@edgeflow/contract';

/** A body that would do, for every operation that takes one. */
export const validBodies: Partial<Record<OperationName, unknown>> = {
  provisionDevice: { provisioning_code: 'PROV-0000-0000' },
  createCodes: {},
  createDevice: {},
  updateDevice: { name: 'pump' },
  updateDeviceNotes: { notes: 'behind the pump' },
  changeDevices: { change: { action: 'rotate' }, filter: {}, expected_count: 1 },
  rotateKey: {},
  extendKey: { days: 1 },
  sendCommand: { action: 'health_check' },
  updateOrganization: { clone_policy: 'keep_newest' },
  createBatch: { count: 1 },
  checkBatch: { count: 1 },
  replaceUnused: { edition: 1 },
  updateShadow: { desired: {} },
  updateCode: { bind: null },
  createAlertRule: { offline_minutes: 5 },
  updateAlertRule: { offline_minutes: 6 },
  // Nothing is sent to a name that cannot be: RFC 2606.
  createAlertEndpoint: { kind: 'webhook', name: 'on call', target: 'https://alerts.invalid/' },
  updateAlertEndpoint: { name: 'on call' },
  completeSetup: { secret: 'none', name: 'Eve', email: 'eve@example.org', password: 'a long password' },
  signIn: { email: 'eve@example.org', password: 'a long password' },
  signInSecondFactor: { challenge: 'none', code: '000000' },
  signInByLink: { secret: 'none' },
  updateSession: { organization_id: 'org_0000000000000000' },
  updateAccount: { name: 'Eve' },
  changePassword: { current_password: 'not the password', new_password: 'a long password' },
  requestPasswordReset: { email: 'eve@example.org' },
  completePasswordReset: { secret: 'none', new_password: 'a long password' },
  enrolTwoFactor: { password: 'not the password' },
  confirmTwoFactor: { code: '000000' },
  disableTwoFactor: { password: 'not the password' },
  createRecoveryCodes: { password: 'not the password' },
  changeMember: { role: 'viewer' },
  createInvitation: { email: 'eve@example.org', role: 'viewer' },
  readInvitation: { secret: 'none' },
  acceptInvitation: { secret: 'none', name: 'Eve', password: 'a long password' },
  joinInvitation: { secret: 'none' },
  createToken: { name: 'ci', role: 'viewer' },
};

/** What a call answers whose address names nothing, or what another organization has. */
export function notFoundOf(name: OperationName): string {
  const { errors }: Operation = operations[name];
  return `404 ${errors.find((code) => code.endsWith('_not_found')) ?? 'without an error for it'}`;
}

import { type AuditAction, auditActions } from '@edgeflow/contract';

/** What each action says after who did it; `…` stands for its object. */
const done: Readonly<Record<AuditAction, string>> = {
  'account.rename': 'changed the name of …',
  'alert_delivery.retry': 'asked for another delivery of …',
  'alert_endpoint.create': 'added …',
  'alert_endpoint.delete': 'deleted …',
  'alert_endpoint.disable': 'switched off …',
  'alert_endpoint.rotate_secret': 'made a new secret for …',
  'alert_endpoint.test': 'sent a test to …',
  'alert_endpoint.update': 'changed …',
  'alert_rule.create': 'added …',
  'alert_rule.delete': 'deleted …',
  'alert_rule.update': 'changed …',
  'batch.create': 'asked for …',
  'batch.export': 'exported the codes of …',
  'batch.made': 'finished making …',
  'batch.replace_unused': 'began to replace the unused codes of …',
  'batch.replaced': 'finished replacing the unused codes of …',
  'batch.revoke': 'revoked …',
  'batch.wipe_texts': 'wiped the code texts of …',
  'call.refused': 'was refused a call about …',
  'code.create': 'made …',
  'code.redeem': 'redeemed …',
  'code.revoke': 'revoked …',
  'code.update': 'changed the binding of …',
  'command.send': 'sent a command to …',
  'device.create': 'made …',
  'device.delete': 'deleted …',
  'device.note': 'changed the notes of …',
  'device.quarantine': 'quarantined …',
  'device.reprovision': 'got a new key for …',
  'device.restore': 'restored …',
  'device.revoke': 'revoked …',
  'device.suspect_clones': 'suspects a copy of …',
  'device.update': 'changed …',
  'guessing.alarm': 'found that somebody guesses codes; new ones are longer',
  'guessing.calm': 'found that nobody guesses codes any more',
  'invitation.accept': 'accepted …',
  'invitation.create': 'sent …',
  'invitation.revoke': 'revoked …',
  'key.extend': 'extended the key of …',
  'key.first_use': 'used its key for the first time: …',
  'key.offer': 'offered a new key to …',
  'key.offer_refused': 'declined a new key: …',
  'key.refused': 'was refused with a key of …',
  'key.replace': 'replaced the key of …',
  'key.rotation_request': 'asked for a new key of …',
  'member.change': 'changed the role of …',
  'member.leave': 'left the organization',
  'member.remove': 'removed …',
  'organization.update': 'changed the settings of …',
  'owner.reset': 'became an owner by the command line',
  'password.change': 'changed the password of …',
  'password.reset': 'set a new password for …',
  'password.reset_request': 'asked for a link for a new password of …',
  'session.end': 'signed out',
  'session.end_others': 'signed out everywhere else',
  'session.refused': 'could not sign in as …',
  'session.start': 'signed in',
  'setup.complete': 'became the first owner',
  'shadow.write': 'changed the wanted state of …',
  'token.create': 'made …',
  'token.revoke': 'revoked …',
  'two_factor.disable': 'switched off the second factor of …',
  'two_factor.enable': 'switched on the second factor of …',
  'two_factor.recovery_codes': 'made new recovery codes for …',
};

/** What it says where it did not come to that. */
const refused: Readonly<Partial<Record<AuditAction, string>>> = {
  'code.redeem': 'was refused with …',
};

/** For the filter: every action there is, and its name. */
export const actions: readonly AuditAction[] = auditActions;

/** What kinds of objects are called before their names. */
const kinds: Readonly<Record<string, string>> = {
  alert_delivery: 'the delivery',
  alert_endpoint: 'the alert endpoint',
  alert_rule: 'the alert rule',
  invitation: 'the invitation of',
  organization: 'the organization',
  token: 'the operator token',
  user: '',
};

export function kindInWords(kind: string): string {
  return kinds[kind] ?? kind;
}

/** An action that only another version of the cloud knows is shown as it is. */
export function sentenceOf(action: string, outcome: 'success' | 'failure'): string {
  if (!isKnown(action)) return `${action.replaceAll(/[._]/g, ' ')} …`;
  return (outcome === 'failure' ? refused[action] : undefined) ?? done[action];
}

function isKnown(action: string): action is AuditAction {
  return Object.hasOwn(done, action);
}

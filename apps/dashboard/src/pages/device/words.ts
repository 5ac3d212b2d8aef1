import type { Schema } from '../../api/client.ts';

/** What the codes of a close mean (CONTRACT.md, section 3). */
const closeCodes: Readonly<Record<string, string>> = {
  '1000': 'The device closed the connection.',
  '1001': 'The other end was going away: a restart or a shutdown.',
  '1006': 'The connection broke without a word: network or power.',
  '1009': 'A message was too large.',
  '4400': 'A message was malformed.',
  '4401': 'The key was not accepted.',
  '4403': 'It was revoked or put into quarantine.',
  '4404': 'It was deleted.',
  '4408': 'It did not say who it is in time.',
  '4409': 'A newer connection of the same device took its place.',
  '4410': 'It fell silent: three heartbeats did not come.',
  '4429': 'It was told to slow down.',
};

/** `1006 …` as a sentence, with the words it came with where they say more. */
export function closeReasonInWords(reason: string): string {
  const words = closeCodes[/^\d{4}/.exec(reason)?.[0] ?? ''];
  return words === undefined ? reason : `${words} (${reason})`;
}

export function keyWords(key: NonNullable<Schema<'Device'>['key']>): string {
  if (key.rotation_pending) return 'A new key is on its way; the old one works until the new one is in use.';
  if (key.can_rotate === false)
    return 'This device has declined a new key: extend its key, or provision it again.';
  if (key.can_rotate === true) return 'Rotates by itself before the key expires.';
  return 'Not tried yet; it will be offered a new key before this one expires.';
}

/** What happened, by the action of the audit log. */
const happenings: Readonly<Record<string, string>> = {
  'code.create': 'Its code was made',
  'code.redeem': 'It registered with its code',
  'code.revoke': 'Its code was revoked',
  'code.update': 'The binding of its code was changed',
  'device.create': 'It was made beforehand, with a key',
  'device.reprovision': 'It was provisioned again with a code',
  'device.update': 'Name, tags or group were changed',
  'device.note': 'Notes or location were changed',
  'device.online': 'It came online',
  'device.offline': 'It went offline',
  'device.revoke': 'It was revoked',
  'device.restore': 'It was restored',
  'device.quarantine': 'It was put into quarantine',
  'device.suspect_clones': 'Two devices seemed to use its identity',
  'device.delete': 'It was deleted',
  'key.first_use': 'Its key was used for the first time',
  'key.rotation_request': 'A new key was asked for',
  'key.offer': 'It was offered a new key',
  'key.offer_refused': 'It declined the new key',
  'key.replace': 'Its key was replaced',
  'key.extend': 'Its key was extended',
  'shadow.write': 'Its desired state was changed',
  'command.send': 'It was sent a command',
  'call.refused': 'Something was tried with it and refused',
};

export function happeningInWords({
  detail,
  outcome,
  type,
}: Schema<'DeviceTimeline'>['entries'][number]): string {
  if (type === 'code.redeem' && outcome === 'failure') return 'Somebody else tried its code and was refused';
  if (type === 'command.send' && typeof detail['action'] === 'string')
    return `It was sent ${detail['action']}`;
  return happenings[type] ?? type;
}

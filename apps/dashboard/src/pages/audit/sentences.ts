/** What each action says of its object, after who did it. Without an entry the action itself is shown. */
const sentences: Readonly<Record<string, string>> = {
  'code.create': 'made',
  'code.revoke': 'revoked',
  'code.redeem': 'redeemed',
  'code.rebind': 'changed the binding of',
  'batch.create': 'asked for the batch',
  'batch.made': 'finished making',
  'batch.replace_unused': 'began to replace the unused codes of',
  'batch.replaced': 'finished replacing the unused codes of',
  'batch.revoke': 'revoked',
  'batch.export': 'exported the codes of',
  'batch.wipe_texts': 'wiped the code texts of',
  'device.create': 'made',
  'device.update': 'changed',
  'device.delete': 'deleted',
  'device.revoke': 'revoked',
  'device.restore': 'restored',
  'device.quarantine': 'quarantined',
  'device.suspect_clones': 'suspects a copy of',
  'key.first_use': 'used its key for the first time:',
  'key.refused': 'was refused with a key of',
  'key.extend': 'extended the key of',
  'key.replace': 'replaced the key of',
  'key.offer': 'offered a new key to',
  'key.rotation_request': 'asked for a new key of',
  'shadow.write': 'changed the wanted state of',
  'command.send': 'sent a command to',
  'organization.update': 'changed the settings of',
  'call.refused': 'was refused a call about',
};

export const actions = Object.keys(sentences);

export function sentenceOf(action: string): string {
  return sentences[action] ?? action.replaceAll(/[._]/g, ' ');
}

const crockfordLower = '0123456789abcdefghjkmnpqrstvwxyz';
/** 80 random bits are sixteen Crockford base32 characters. */
const idBytes = 10;

/** Gives `length` random bytes; `Random.bytes` of the platform fits. */
export type RandomBytes = (length: number) => Uint8Array;

export const idPrefixes = {
  device: 'dev_',
  code: 'pc_',
  batch: 'batch_',
  bulk: 'bulk_',
  credential: 'key_',
  command: 'cmd_',
  organization: 'org_',
  operatorToken: 'tok_',
  user: 'usr_',
  session: 'ses_',
  invitation: 'inv_',
  account: 'acc_',
  verification: 'ver_',
  twoFactor: 'tfa_',
  request: 'req_',
  audit: 'aud_',
  alertRule: 'alr_',
  alertEndpoint: 'ale_',
  incident: 'inc_',
  delivery: 'msg_',
} as const;

export type IdKind = keyof typeof idPrefixes;

/** A new public id: prefix and sixteen lower-case Crockford base32 characters (80 random bits). */
export function makeId(kind: IdKind, randomBytes: RandomBytes): string {
  let text: string = idPrefixes[kind];
  let buffer = 0;
  let bits = 0;
  for (const byte of randomBytes(idBytes)) {
    buffer = ((buffer << 8) | byte) & 0xfff;
    bits += 8;
    for (; bits >= 5; bits -= 5) text += crockfordLower.charAt((buffer >>> (bits - 5)) & 31);
  }
  return text;
}

/** Whether a text is an id that this cloud may have made. Devices treat ids as opaque and must not ask. */
export function isId(kind: IdKind, text: string): boolean {
  const prefix = idPrefixes[kind];
  return text.startsWith(prefix) && /^[0-9a-hjkmnp-tv-z]{16}$/.test(text.slice(prefix.length));
}

/** What firmware says when its maker never filled the field in. Compared without case and outer spaces. */
const placeholderTexts = new Set([
  'to be filled by o.e.m.',
  'to be filled by oem',
  'to be filled',
  'filled by oem',
  'o.e.m.',
  'oem',
  'system manufacturer',
  'system product name',
  'system version',
  'system serial number',
  'system name',
  'base board manufacturer',
  'base board product name',
  'base board serial number',
  'board manufacturer',
  'board product name',
  'board serial number',
  'chassis serial number',
  'type1productconfigid',
  'product name',
  'serial number',
  'default string',
  'default_string',
  'default',
  'all series',
  'not specified',
  'not applicable',
  'not available',
  'not defined',
  'undefined',
  'unspecified',
  'unknown',
  'invalid',
  'none',
  'null',
  'empty',
  'n/a',
  'na',
  'tbd',
  'standard',
  '(none)',
  '<bad index>',
]);

const placeholderSerials = new Set(['0123456789', '1234567890', '123456789', '12345678', '0123456789abcdef']);

/** UUIDs that many boards share: reference firmware nobody adapted. */
const placeholderUuids = new Set([
  '03000200-0400-0500-0006-000700080009',
  '00020003-0004-0005-0006-000700080009',
  '00010203-0405-0607-0809-0a0b0c0d0e0f',
  '03020100-0504-0706-0809-0a0b0c0d0e0f',
  '12345678-1234-5678-90ab-cddeefaabbcc',
  '00112233-4455-6677-8899-aabbccddeeff',
]);

const uuidPattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Whether a firmware text says nothing: a known filler, or nothing but punctuation. */
export function isPlaceholder(text: string): boolean {
  return placeholderTexts.has(text.trim().toLowerCase()) || !/[\p{L}\p{N}]/u.test(text);
}

/** A serial number that may tell two boards apart; undefined for fillers, all zeros and other repetitions. */
export function usableSerial(text: string | undefined): string | undefined {
  if (text === undefined || isPlaceholder(text)) return undefined;
  const bare = normalisedSerial(text);
  if (placeholderSerials.has(bare) || /^(.)\1*$/u.test(bare)) return undefined;
  return text;
}

/** How serial numbers are compared: spacing and case differ between sources of the same number. */
export function normalisedSerial(text: string): string {
  return text.replaceAll(/\s/g, '').toLowerCase();
}

/** The UUID in lower case; undefined for a malformed one, a repetition of one byte, or one many boards share. */
export function usableUuid(text: string | undefined): string | undefined {
  const uuid = text?.trim().toLowerCase() ?? '';
  if (!uuidPattern.test(uuid) || placeholderUuids.has(uuid)) return undefined;
  return /^([0-9a-f]{2})\1*$/.test(uuid.replaceAll('-', '')) ? undefined : uuid;
}

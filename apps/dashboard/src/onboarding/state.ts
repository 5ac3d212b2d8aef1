import type { Schema } from '../api/client.ts';

export type Onboarding = Schema<'Onboarding'>;
export type Attempt = Schema<'CodeAttempt'>;
type Bind = Onboarding['code']['bind'];
type BindField = keyof Bind;

/** After this long without a sign, the page says what to look at. */
const quietAfterMs = 2 * 60_000;
/** A tunnel opens within seconds of a registration, or something is in its way. */
const tunnelWithinMs = 60_000;

/** One value of a binding that the device that was refused does not have. */
export interface Mismatch {
  readonly field: BindField;
  readonly bound: string;
  readonly presented: string | null;
}

export type PanelState =
  /** @property rebound a device was refused, and the binding has been changed to fit it since */
  | { readonly kind: 'waiting'; readonly validMs: number; readonly quiet: boolean; readonly rebound: boolean }
  | { readonly kind: 'refused'; readonly attempt: Attempt; readonly mismatches: readonly Mismatch[] }
  | { readonly kind: 'registered'; readonly board: string; readonly address: string; readonly slow: boolean }
  /** @property kind away: it has been online, and is not now */
  | {
      readonly kind: 'online' | 'away';
      readonly name: string;
      readonly deviceId: string;
      readonly firstAt: string;
      readonly board: string;
      readonly address: string;
    }
  /** The device that used the code has been deleted. */
  | { readonly kind: 'gone' | 'expired' | 'revoked' };

/**
 * What the panel of a code says.
 *
 * @param nowMs by the cloud's clock
 */
export function panelStateOf({ code, device, last_attempt: attempt }: Onboarding, nowMs: number): PanelState {
  switch (code.status) {
    case 'revoked':
      return { kind: 'revoked' };
    case 'expired':
      return { kind: 'expired' };
    case 'used':
      return device === null ? { kind: 'gone' } : deviceState(code, device, nowMs);
    case 'active': {
      const validMs = Date.parse(code.expires_at) - nowMs;
      if (validMs <= 0) return { kind: 'expired' };
      const mismatches = attempt === null ? [] : mismatchesOf(code.bind, attempt);
      const rebound = attempt?.reason === 'binding_mismatch' && mismatches.length === 0;
      if (attempt !== null && !rebound) return { kind: 'refused', attempt, mismatches };
      const quiet = nowMs - Date.parse(attempt?.at ?? code.created_at) >= quietAfterMs;
      return { kind: 'waiting', validMs, quiet, rebound };
    }
  }
}

function deviceState(
  code: Onboarding['code'],
  device: NonNullable<Onboarding['device']>,
  nowMs: number,
): PanelState {
  const { device_id: deviceId, first_connected_at: firstAt, status } = device;
  const name = device.name ?? device.hostname ?? deviceId;
  const board = shortBoard(device.board_model);
  const address = code.used_from ?? 'an unknown address';
  if (firstAt !== null) {
    return { kind: status === 'online' ? 'online' : 'away', name, deviceId, firstAt, board, address };
  }
  const slow = nowMs - Date.parse(code.used_at ?? code.created_at) >= tunnelWithinMs;
  return { kind: 'registered', board, address, slow };
}

/** Somebody who tried the code after its first use, and was refused for it. */
export function secondAttemptOf({ code, last_attempt: attempt }: Onboarding): Attempt | undefined {
  if (code.status !== 'used' || attempt === null || code.used_at === null) return undefined;
  return attempt.reason === 'code_already_used' ? attempt : undefined;
}

/** When the state changes by the passing of time alone. */
export function nextChangeMs(onboarding: Onboarding, nowMs: number): number | undefined {
  const { code, last_attempt: attempt } = onboarding;
  const moments = [
    Date.parse(code.expires_at),
    Date.parse(attempt?.at ?? code.created_at) + quietAfterMs,
    Date.parse(code.used_at ?? code.created_at) + tunnelWithinMs,
  ];
  const ahead = moments.filter((moment) => moment > nowMs);
  return ahead.length === 0 ? undefined : Math.min(...ahead);
}

const bindFields: readonly BindField[] = ['mac_address', 'serial_number', 'board_model'];

function mismatchesOf(bind: Bind, attempt: Attempt): Mismatch[] {
  if (attempt.reason !== 'binding_mismatch') return [];
  return bindFields.flatMap((field) => {
    const bound = bind[field];
    const presented = attempt[field];
    return bound === null || comparable(bound) === comparable(presented) ? [] : [{ field, bound, presented }];
  });
}

/** As the cloud compares them. */
function comparable(text: string | null): string {
  return (text ?? '').replaceAll(/\s+/g, ' ').trim().toLowerCase();
}

/** The binding that lets in the device that was refused: what it presents in place of what it does not. */
export function fittingBind(bind: Bind, mismatches: readonly Mismatch[]): Partial<Record<BindField, string>> {
  const fitting = new Map<BindField, string | null>(bindFields.map((field) => [field, bind[field]]));
  for (const { field, presented } of mismatches) fitting.set(field, presented);
  return Object.fromEntries(
    [...fitting].flatMap(([field, value]) => (value === null ? [] : [[field, value]])),
  );
}

/** `Raspberry Pi 4 Model B Rev 1.4` → `Raspberry Pi 4`. */
export function shortBoard(model: string | null): string {
  const short = (model ?? '')
    .replace(/\s+Rev\s+[\d.]+$/i, '')
    .replace(/\s+Model\s+[AB]\+?(\s+Plus)?$/i, '')
    .trim();
  return short === '' ? 'A device' : short;
}

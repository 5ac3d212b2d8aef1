import type { Call, CallOutcome } from '../features/commands/index.ts';

interface Tunnel {
  session(deviceId: string): object | undefined;
  takeUpRotation(deviceId: string, wantedAtMs: number): boolean;
  putBackRotation(deviceId: string, wantedAtMs: number): void;
  call(deviceId: string, call: Call): Promise<CallOutcome>;
}

/** The tunnel as rotation sees it. */
export interface OfferTunnel {
  isOpen(deviceId: string): boolean;
  takeUp(deviceId: string, wantedAtMs: number): boolean;
  putBack(deviceId: string, wantedAtMs: number): void;
  offer(
    deviceId: string,
    payload: { readonly api_key: string; readonly expires_at: string },
    timeoutMs: number,
  ): Promise<'accepted' | 'unable' | 'no_answer'>;
}

/** Carries key offers as the reserved command `rotate_key`. */
export function rotationTunnel(tunnel: Tunnel): OfferTunnel {
  return {
    isOpen: (deviceId) => tunnel.session(deviceId) !== undefined,
    takeUp: (deviceId, wantedAtMs) => tunnel.takeUpRotation(deviceId, wantedAtMs),
    putBack: (deviceId, wantedAtMs) => {
      tunnel.putBackRotation(deviceId, wantedAtMs);
    },
    async offer(deviceId, payload, timeoutMs) {
      const outcome = await tunnel.call(deviceId, { action: 'rotate_key', payload, timeoutMs });
      if (outcome.kind !== 'answered') return 'no_answer';
      return outcome.response.status === 'success' ? 'accepted' : 'unable';
    },
  };
}

import type { Call, CallOutcome } from '../features/commands/index.ts';
import type { RotationTunnel } from '../features/rotation/index.ts';

interface Tunnel {
  session(deviceId: string): object | undefined;
  takeUpRotation(deviceId: string, wantedAtMs: number): boolean;
  putBackRotation(deviceId: string, wantedAtMs: number): void;
  call(deviceId: string, call: Call): Promise<CallOutcome>;
}

/** Carries key offers as the reserved command `rotate_key`. */
export function rotationTunnel(tunnel: Tunnel): RotationTunnel {
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

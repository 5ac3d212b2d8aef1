import { type AgentStatus, errorEntry } from '@edgeflow/contract';
import type { TunnelState } from '../tunnel/model.ts';
import { problemOf } from './answer.ts';
import { candidatesOf, isSameCredential } from './candidates.ts';
import { hasMadeIdentity, isClaiming } from './claiming.ts';
import type { LifeState, Problem } from './model.ts';

/** What a person is shown of the machine's state. */

export interface LifeView {
  readonly status: Exclude<AgentStatus, 'disabled'>;
  /** Finer than `status`; for people and tests, not for programs to branch on. */
  readonly phase: string;
  readonly problem: Problem | undefined;
  readonly deviceId: string | null;
  readonly keyExpiresAt: string | null;
}

export function viewOf(state: LifeState, tunnelPhase: TunnelState['phase']): LifeView {
  const { identity, tunnel, settings } = state;
  const candidates = candidatesOf(identity, settings.cloud);
  const inUse = candidates.find(({ credential }) => isSameCredential(credential, tunnel.using));
  return {
    status: statusOf(state, tunnelPhase),
    phase: phaseOf(state, tunnelPhase),
    problem: problemToShow(state),
    deviceId: inUse?.credential.deviceId ?? identity?.device_id ?? null,
    keyExpiresAt: inUse?.expiresAt ?? identity?.expires_at ?? null,
  };
}

function statusOf(state: LifeState, tunnelPhase: TunnelState['phase']): LifeView['status'] {
  const { tunnel, claim } = state;
  if (tunnel.status === 'online') return 'online';
  if (tunnel.status === 'refused') return 'rejected';
  if (tunnel.status === 'trying') {
    const isAtIt =
      tunnelPhase === 'connecting' || tunnelPhase === 'authenticating' || tunnelPhase === 'closing';
    return isAtIt ? 'connecting' : 'offline';
  }
  if (isClaiming(claim) || state.seeding !== 'none') return 'provisioning';
  return state.identity === undefined ? 'unprovisioned' : 'offline';
}

function phaseOf(state: LifeState, tunnelPhase: TunnelState['phase']): string {
  const { tunnel, claim, vault } = state;
  if (vault.kind === 'loading') return 'opening_vault';
  if (state.seeding !== 'none') return 'storing_identity';
  if (claim.kind !== 'none') {
    const phases = {
      opening: 'storing_claim',
      blocked: 'storing_claim',
      sending: 'claiming',
      waiting: 'claiming',
      keeping: 'storing_identity',
      refused: 'code_refused',
    } as const;
    if (claim.kind !== 'refused' || tunnel.status === 'idle') return phases[claim.kind];
  }
  if (tunnel.status !== 'idle') return tunnelPhase;
  if (state.identity === undefined)
    return vault.kind === 'unreadable' ? 'vault_unreadable' : 'waiting_for_code';
  return tunnel.isWanted ? 'idle' : 'disconnected';
}

/** The one problem that is most worth a person's time, or undefined when there is none. */
function problemToShow(state: LifeState): Problem | undefined {
  const { vault, claim, tunnel } = state;
  // The way out of an identity that nobody can open is a new code, so what became of that code comes first.
  const isAnswered = vault.kind === 'unreadable' && !vault.isWaiting && claim.kind !== 'none';
  if (isAnswered && claim.problem !== undefined) return claim.problem;
  if (vault.kind !== 'open' && vault.problem !== undefined) return vault.problem;
  if (state.writeProblem !== undefined) return state.writeProblem;
  if (claim.kind !== 'none' && claim.problem !== undefined) return claim.problem;
  if (tunnel.problem !== undefined) {
    const { code, message } = tunnel.problem;
    return { code, message, nextStep: errorEntry(code).nextStep };
  }
  return nothingToDo(state) ?? ignoredCode(state) ?? state.notice;
}

function nothingToDo(state: LifeState): Problem | undefined {
  const { identity, settings, claim } = state;
  if (isClaiming(claim) || state.seeding !== 'none' || state.vault.kind === 'loading') return undefined;
  if (identity === undefined) return state.codeProblem ?? state.notice ?? problemOf('code_missing');
  if (candidatesOf(identity, settings.cloud).length > 0) return undefined;
  const message = `The stored identity ${identity.device_id} was issued by ${identity.cloud} and is not shown to ${settings.cloud}.`;
  const nextStep = `Set EDGEFLOW_SAAS_URL to ${identity.cloud} again, or give the device a code of ${settings.cloud}.`;
  return { code: 'not_provisioned', message, nextStep };
}

function ignoredCode(state: LifeState): Problem | undefined {
  const { code, identity, settings } = state;
  if (code === undefined || identity === undefined || hasMadeIdentity(state, code)) return undefined;
  const setting = state.codeSetting ?? 'EDGEFLOW_PROVISIONING_CODE';
  const message = `${setting} holds another code than the one that made this device, which is ${identity.device_id} at ${settings.cloud}. The code is not used.`;
  return problemOf('code_ignored', message);
}

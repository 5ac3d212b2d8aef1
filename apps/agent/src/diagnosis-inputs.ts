import type { AgentDeps } from './agent-deps.ts';
import type { AgentConfig } from './config.ts';
import type { CloudUnderTest, IdentityFacts } from './diagnosis/index.ts';
import type { Identity } from './identity/index.ts';
import type { CloudAddress } from './net/index.ts';
import { proxyFor } from './net/proxy.ts';

/** What a diagnosis is told, by the running agent and by `doctor` alike. */

export function cloudUnderTest(
  cloud: CloudAddress,
  config: AgentConfig,
  makeTransport: AgentDeps['makeTransport'],
): CloudUnderTest {
  return {
    transport: makeTransport(cloud, config),
    isTls: cloud.isTls,
    isPinned: config.trust.pins.length > 0,
    isProxied: proxyFor(cloud, config.proxy) !== undefined,
  };
}

/** @param unreadable why the stored identity cannot be opened, where there is one. */
export function identityFacts(
  identity: Identity | undefined,
  unreadable: { readonly detail: string; readonly nextStep: string } | undefined,
  { code }: AgentConfig,
): IdentityFacts {
  if (identity !== undefined) {
    const { device_id: deviceId, cloud, expires_at: keyExpiresAt } = identity;
    return { kind: 'identity', deviceId, cloud, keyExpiresAt, notices: [] };
  }
  if (unreadable !== undefined) return { kind: 'unreadable', ...unreadable };
  if (code.kind === 'given') return { kind: 'code', setting: code.setting };
  return code.kind === 'unusable' ? { kind: 'unusable_code', problem: code.problem } : { kind: 'none' };
}

import type { JsonObject } from '@edgeflow/contract';
import type { AgentConfig, SettingProblem } from './config.ts';
import type { Inventory } from './inventory/index.ts';
import { type CloudAddress, readCloudAddress } from './net/index.ts';
import { problemOf } from './provisioning/answer.ts';
import type { ConfiguredCode } from './provisioning/driver.ts';
import type { Problem } from './provisioning/model.ts';
import type { OpenVault } from './state.ts';

/** What the settings and the inventory mean for a connection. */

/** What makes another connection necessary when it changes. Holds secrets. */
export function placeOf({ isEnabled, cloud, trust, credentials, proxy }: AgentConfig): string {
  const via = proxy.proxy?.identity;
  return JSON.stringify([isEnabled, cloud?.url, trust.caPem, trust.pins, credentials, via, proxy.exceptions]);
}

export function configuredCode({ code }: AgentConfig): ConfiguredCode {
  if (code.kind === 'given') return { code: code.code, setting: code.setting, problem: undefined };
  if (code.kind === 'none') return { code: undefined, problem: undefined };
  return { code: undefined, problem: settingProblem(code.problem) };
}

/** Neither the settings nor what is stored say where to connect. */
export function noCloud({ code }: AgentConfig): Problem {
  if (code.kind === 'unusable') return settingProblem(code.problem);
  const { nextStep } = problemOf('not_provisioned');
  const message = 'No setting names a cloud.';
  return { code: 'settings_invalid', message, nextStep: `Set EDGEFLOW_SAAS_URL. ${nextStep}` };
}

/** The cloud that issued the stored identity. */
export function storedCloud({ identities }: OpenVault): CloudAddress | undefined {
  const stored = identities.current?.cloud;
  const reading = stored === undefined ? undefined : readCloudAddress(stored);
  return reading?.ok === true ? reading.address : undefined;
}

/** Small facts for the shadow's `reported` half. */
export function shadowFacts(version: string, inventory: Inventory | undefined): JsonObject {
  const kernel = inventory?.hardware_info.kernel ?? '';
  return { agent_version: version, ...(kernel === '' ? {} : { kernel }) };
}

function settingProblem({ message, nextStep }: SettingProblem): Problem {
  return { code: 'settings_invalid', message, nextStep };
}

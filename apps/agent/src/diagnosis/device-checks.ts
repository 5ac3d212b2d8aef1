import { type AgentStatus, isErrorCode, type LastError, type SaasStatus } from '@edgeflow/contract';
import type { StateFolderResult } from '../identity/index.ts';
import { type Check, failed, type Finding, notChecked, passed, warned } from './check.ts';
import type { DiagnosisInputs, IdentityFacts } from './inputs.ts';
import { isAnswerToCode } from './subject.ts';

/** What can be known without the network. */

export function checkSettings({ problems, warnings }: DiagnosisInputs['settings']): Check {
  const found = problems.length > 0 ? problems : warnings;
  const [first] = found;
  if (first === undefined) return passed('settings', 'every setting can be read');
  const finding = {
    detail: found.map(({ message }) => message).join(' '),
    nextStep: found.map(({ nextStep }) => nextStep).join(' '),
    code: 'settings_invalid',
  } as const;
  return problems.length > 0 ? failed('settings', finding) : warned('settings', finding);
}

export function checkDisk(folder: StateFolderResult): Check {
  if (folder.kind === 'unusable') {
    return failed('disk', {
      detail: folder.detail,
      nextStep: folder.nextStep,
      code: 'state_folder_unusable',
    });
  }
  const [notice] = folder.notices;
  if (notice === undefined) return passed('disk', 'the state folder was written and read back');
  return warned('disk', { detail: notice.detail, nextStep: notice.nextStep });
}

/** @param cloudTimeMs by which the expiry of the key is judged; never this device's own clock (CONTRACT.md §1). */
export function checkIdentity(facts: IdentityFacts, cloudTimeMs: number | undefined): Check {
  switch (facts.kind) {
    case 'identity': {
      const expiry = checkExpiry(facts.keyExpiresAt, cloudTimeMs);
      if (expiry !== undefined) return expiry;
      const [notice] = facts.notices;
      if (notice !== undefined)
        return warned('identity', { detail: notice.detail, nextStep: notice.nextStep });
      const until = facts.keyExpiresAt === null ? '' : `; its key is valid until ${facts.keyExpiresAt}`;
      return passed('identity', `this device is ${facts.deviceId} at ${facts.cloud}${until}`);
    }
    case 'refused_code': {
      const { message, at } = facts.answer;
      const finding = findingOf(facts.answer);
      return failed('identity', {
        ...finding,
        detail: `the cloud did not take the code: ${message} (heard at ${at})`,
      });
    }
    case 'code':
      return passed(
        'identity',
        `there is no identity yet, and a provisioning code in ${facts.setting}; only a registration tells whether the cloud takes it`,
      );
    case 'unusable_code': {
      const { message, nextStep } = facts.problem;
      return failed('identity', { detail: message, nextStep, code: 'settings_invalid' });
    }
    case 'unreadable':
      return failed('identity', { detail: facts.detail, nextStep: facts.nextStep, code: 'vault_unreadable' });
    case 'none':
      return failed('identity', { detail: 'there is neither an identity nor a code', code: 'code_missing' });
  }
}

/** A key is rotated from 30 days ahead of its expiry on (CONTRACT.md §3). */
const expiryWarnedMs = 30 * 24 * 3600 * 1000;

function checkExpiry(expiresAt: string | null, cloudTimeMs: number | undefined): Check | undefined {
  if (expiresAt === null || cloudTimeMs === undefined) return undefined;
  const leftMs = Date.parse(expiresAt) - cloudTimeMs;
  if (leftMs <= 0) {
    return failed('identity', {
      detail: `the key of this device expired at ${expiresAt}`,
      code: 'key_expired',
    });
  }
  if (leftMs > expiryWarnedMs) return undefined;
  return warned('identity', {
    detail: `the key of this device expires at ${expiresAt}`,
    nextStep:
      'Keep the agent connected: it takes the next key when the cloud offers it. If that does not happen, rotate the key in the dashboard.',
  });
}

/** From what the agent saw last: a diagnosis must not connect as the device, which would replace its own tunnel. */
export function checkTunnel(status: SaasStatus | undefined): Check {
  if (status === undefined) return notChecked('tunnel', 'no agent is running here');
  const { status: name, last_error: error } = status;
  if (name === 'online') {
    const heartbeat = status.last_heartbeat ?? 'no time yet';
    return passed('tunnel', `connected; the last heartbeat was answered at ${heartbeat}`);
  }
  const isWithoutIdentity = name === 'unprovisioned' && status.device_id === null;
  if (isWithoutIdentity && (error === null || isAnswerToCode(error) || error.code === 'code_missing')) {
    return notChecked('tunnel', 'there is no identity yet');
  }
  const { result, ...usual } = unwell[name];
  return (result === 'fail' ? failed : warned)('tunnel', error === null ? usual : findingOf(error));
}

/** What each other status means where the agent has nothing to say about it. */
const unwell: Readonly<
  Record<Exclude<AgentStatus, 'online'>, Finding & { readonly result: 'warn' | 'fail' }>
> = {
  disabled: { result: 'warn', detail: 'the connection is switched off', code: 'saas_disabled' },
  unprovisioned: { result: 'warn', detail: 'there is no identity yet' },
  provisioning: {
    result: 'warn',
    detail: 'the registration is under way',
    nextStep: 'Wait a moment and ask again.',
  },
  connecting: {
    result: 'warn',
    detail: 'the tunnel is being opened',
    nextStep: 'Wait a moment and ask again.',
  },
  offline: { result: 'fail', detail: 'not connected', code: 'tunnel_closed' },
  rejected: { result: 'fail', detail: 'the cloud refuses this identity', code: 'key_rejected' },
};

function findingOf({ code, message, next_step: nextStep }: LastError): Finding {
  return { detail: message, nextStep, code: isErrorCode(code) ? code : undefined };
}

import type { ErrorCode, LastError, SaasStatus } from '@edgeflow/contract';
import type { Clock } from '@edgeflow/platform';
import type { AgentConfig, CodeSetting, SettingProblem } from '../config.ts';
import type { Notice, StateFolderResult } from '../identity/index.ts';
import { type CloudAddress, type ProbingTransport, proxyFor } from '../net/index.ts';
import type { CloudUnderTest, DiagnosisInputs, IdentityFacts } from './inputs.ts';

/** An agent as it runs, or as it would run with these settings. */
export interface DiagnosisSubject {
  readonly config: AgentConfig;
  readonly warnings: readonly SettingProblem[];
  /** The cloud in use: the settings' or the stored identity's. */
  readonly cloud: CloudAddress | undefined;
  readonly hasIdentity: boolean;
  /** About what is stored, from when it was read. */
  readonly notices: readonly Notice[];
  /** undefined when no agent runs. */
  readonly status: SaasStatus | undefined;
  readonly makeTransport: (cloud: CloudAddress) => ProbingTransport;
  readonly stateFolder: () => Promise<StateFolderResult>;
  readonly clock: Clock;
  readonly floorMs: number;
  readonly floorNotice: Notice | undefined;
}

/** Takes from a subject what a diagnosis may see: no code, no key. */
export function inputsFrom(subject: DiagnosisSubject): DiagnosisInputs {
  const { config, warnings, cloud, status, clock, floorMs, floorNotice, stateFolder } = subject;
  return {
    clock,
    floorMs,
    floorNotice,
    settings: { problems: [], warnings: warnings.filter((warning) => !isCodeProblem(config.code, warning)) },
    stateFolder,
    identity: () => identityFrom(subject),
    cloud: cloud === undefined ? undefined : underTest(cloud, subject),
    status: status === undefined ? undefined : () => status,
  };
}

/** A code that cannot be used is the identity's check; the settings need not say it twice. */
function isCodeProblem(code: CodeSetting, warning: SettingProblem): boolean {
  return code.kind === 'unusable' && code.problem.message === warning.message;
}

function underTest(cloud: CloudAddress, { config, makeTransport }: DiagnosisSubject): CloudUnderTest {
  return {
    transport: makeTransport(cloud),
    isTls: cloud.isTls,
    isPinned: config.trust.pins.length > 0,
    isProxied: proxyFor(cloud, config.proxy) !== undefined,
  };
}

function identityFrom({ config, cloud, hasIdentity, notices, status }: DiagnosisSubject): IdentityFacts {
  if (hasIdentity) {
    return {
      kind: 'identity',
      deviceId: status?.device_id ?? 'a known device',
      cloud: cloud?.url ?? 'its cloud',
      keyExpiresAt: status?.key_expires_at ?? null,
      notices,
    };
  }
  const error = status?.last_error ?? undefined;
  return (error === undefined ? undefined : factsOfError(error)) ?? factsOfCode(config.code);
}

function factsOfError(error: LastError): IdentityFacts | undefined {
  if (error.code === 'vault_unreadable') {
    return { kind: 'unreadable', detail: error.message, nextStep: error.next_step };
  }
  return isAnswerToCode(error) ? { kind: 'refused_code', answer: error } : undefined;
}

function factsOfCode(code: CodeSetting): IdentityFacts {
  if (code.kind === 'given') return { kind: 'code', setting: code.setting };
  return code.kind === 'unusable' ? { kind: 'unusable_code', problem: code.problem } : { kind: 'none' };
}

/** What the cloud may say to a code (wire contract, section 2); a device without an identity hears it of nothing else. */
const answersToCode: ReadonlySet<string> = new Set<ErrorCode>([
  'code_unknown',
  'code_already_used',
  'code_revoked',
  'code_expired',
  'claim_completed',
  'claim_void',
  'binding_mismatch',
  'target_unavailable',
  'device_limit_reached',
  'device_revoked',
  'device_quarantined',
  'too_many_attempts',
]);

export function isAnswerToCode({ code }: Pick<LastError, 'code'>): boolean {
  return answersToCode.has(code);
}

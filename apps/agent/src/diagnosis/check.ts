import { type Diagnosis, type ErrorCode, errorEntry } from '@edgeflow/contract';

export type Check = Diagnosis['checks'][number];

/** In the order in which one depends on the other. */
export type CheckName =
  | 'settings'
  | 'disk'
  | 'identity'
  | 'resolve'
  | 'proxy'
  | 'tcp'
  | 'tls'
  | 'pin'
  | 'clock'
  | 'cloud'
  | 'tunnel';

export function passed(name: CheckName, detail: string): Check {
  return { name, result: 'ok', detail, next_step: null, code: null };
}

export interface Finding {
  readonly detail: string;
  /** The catalogue's, when left out. */
  readonly nextStep?: string | undefined;
  readonly code?: ErrorCode | undefined;
}

export function warned(name: CheckName, finding: Finding): Check {
  return { name, result: 'warn', ...shown(finding) };
}

export function failed(name: CheckName, finding: Finding): Check {
  return { name, result: 'fail', ...shown(finding) };
}

/** A check that another one's failure leaves without ground. */
export function notChecked(name: CheckName, why: string): Check {
  return warned(name, { detail: `not checked: ${why}`, nextStep: 'Look at the checks above first.' });
}

function shown({ detail, nextStep, code }: Finding): Pick<Check, 'detail' | 'next_step' | 'code'> {
  const step = nextStep ?? (code === undefined ? undefined : errorEntry(code).nextStep);
  return { detail, next_step: step ?? 'Look at the log of the agent.', code: code ?? null };
}

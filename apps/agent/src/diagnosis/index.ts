/** The preflight checks, for the local API and for `agent doctor`. */
export { diagnose } from './diagnose.ts';
export type { DiagnosisInputs } from './inputs.ts';
export { inputsFrom } from './subject.ts';

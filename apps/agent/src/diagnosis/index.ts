/** The preflight checks, for the local API and for `agent doctor`. */
export { diagnose } from './diagnose.ts';
export type { CloudUnderTest, DiagnosisInputs, IdentityFacts } from './inputs.ts';
export { type DiagnosisSubject, inputsFrom } from './subject.ts';

/** A setting that stops the start: which, what is wrong, and what a person does now. Holds no secret. */
export interface SettingProblem {
  readonly setting: string;
  readonly message: string;
  readonly nextStep: string;
}

/** Thrown while starting, for problems that only the disk or the network shows. `main.ts` prints them all. */
export class SettingError extends Error {
  readonly problems: readonly SettingProblem[];

  constructor(problems: readonly SettingProblem[], options?: ErrorOptions) {
    super(problems.map(describeProblem).join('\n'), options);
    this.name = 'SettingError';
    this.problems = problems;
  }
}

/** `PORT: must be a number from 0 to 65535, not "x". Correct it, then start again.` */
export function describeProblem(problem: SettingProblem): string {
  return `${problem.setting}: ${problem.message}. ${problem.nextStep}`;
}

/** What is wrong with a setting. Holds no secret: values are not repeated, whatever the setting is. */
export interface SettingProblem {
  /** `EDGEFLOW_SAAS_URL`, or the path of a file of settings. */
  readonly setting: string;
  /** A whole sentence that names the setting. */
  readonly message: string;
  /** What a person does now. */
  readonly nextStep: string;
  /** The file of settings is there, and this user may not read it. */
  readonly isDenied?: boolean;
}

/** A value as read from its text, or why it cannot be. `problem` goes on where the setting's name ends. */
export type Reading<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: string; readonly nextStep: string };

export function good<T>(value: T): Reading<T> {
  return { ok: true, value };
}

export function bad(problem: string, nextStep: string): Reading<never> {
  return { ok: false, problem, nextStep };
}

/** A promise that was broken. Its message names the checker, and holds no secret. */
export class Violation extends Error {
  readonly checker: string;

  constructor(checker: string, what: string) {
    super(`${checker}: ${what}`);
    this.name = 'Violation';
    this.checker = checker;
  }
}
